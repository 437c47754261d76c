/*
The part of a take that an edit is about: one thing, seen as a selection on the waveform, as lines of the lyrics and as figures
in the form. The figures are the truth; whatever is moved writes them, and all is drawn from them.

A form with data-mark has fields with data-place: start and end, or at (empty: the end of the take). Of the page it uses the
box with data-wave, and data-from and data-to (seconds) of sections and lines. It tells document mark:change; what is
chosen is window.flowwebSelection.part → {start, end, isPoint}, null for nothing. Loaded before
clip-page.js: a line is chosen then, not played.
*/
(function () {
  "use strict";

  const SVG = "http://www.w3.org/2000/svg";
  const LEAST_S = 0.1;
  const STEPS = { ArrowLeft: -0.1, ArrowDown: -0.1, ArrowRight: 0.1, ArrowUp: 0.1, PageDown: -5, PageUp: 5 };
  const SLACK_PX = 4; // a click may tremble
  const HINTS = { section: "Choose the first and the last line", point: "Choose the line to continue after" };

  const form = () => document.querySelector("form[data-mark]");
  const box = () => document.querySelector("[data-wave]");
  const field = (name) => [...(form()?.querySelectorAll(`[data-place="${name}"]`) || [])].find((each) => each.offsetParent);
  const length = () => Number(form()?.dataset.length) || 0; // of the waveform
  const most = () => Number(form()?.dataset.most) || length(); // where an edit ends: Flow Music may know it as a little shorter
  const isPoint = () => Boolean(field("at"));
  const isOpen = () => Boolean(box() && length() && (field("at") || field("start")));

  /* As the server reads and writes times */
  function parse(text) {
    const found = /^(?:(\d{1,3}):)?(\d{1,5}(?:[.,]\d{1,3})?)$/.exec(text.trim());
    return found ? Number(found[1] || 0) * 60 + Number(found[2].replace(",", ".")) : NaN;
  }
  function clock(seconds) {
    const tenths = Math.floor(Math.max(0, seconds) * 10 + 1e-6);
    const rest = tenths % 600;
    return `${Math.floor(tenths / 600)}:${String(Math.floor(rest / 10)).padStart(2, "0")}.${rest % 10}`;
  }
  const within = (at) => Math.min(most(), Math.max(0, at));

  function part() {
    if (!isOpen()) return null;
    if (isPoint()) {
      const at = field("at").value.trim() ? parse(field("at").value) : most();
      return at >= 0 && at <= most() ? { start: at, end: at, isPoint: true } : null;
    }
    const [start, end] = [parse(field("start").value), parse(field("end").value)];
    return start < end && end <= most() + LEAST_S ? { start, end: within(end), isPoint: false } : null;
  }

  function write(name, seconds) {
    const place = field(name);
    const text = name === "at" && seconds > most() - LEAST_S ? "" : clock(seconds);
    if (place.value === text) return;
    place.value = text;
    place.dispatchEvent(new Event("input", { bubbles: true }));
  }
  function choose(start, end) {
    if (isPoint()) return write("at", within(end));
    write("start", within(Math.min(start, end)));
    write("end", within(Math.max(start, end)));
  }

  /* Drawing */
  function node(name, className, attributes = {}) {
    const made = document.createElementNS(SVG, name);
    made.setAttribute("class", className);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  function grip(name, label) {
    const made = node("svg", "mark-grip", { "data-grip": name, role: "slider", tabindex: "0", "aria-label": label, "aria-valuemin": "0" });
    made.append(
      node("rect", "mark-hit", { x: -12, y: 0, width: 24, height: "100%" }),
      node("rect", "mark-knob", { x: -5, y: "50%", width: 10, height: 30, rx: 5, transform: "translate(0 -15)" }),
    );
    return made;
  }

  function surface() {
    const there = box().querySelector(".wave-mark");
    if (there && there.dataset.kind === String(isPoint())) return there;
    there?.remove();
    const made = node("svg", "wave-mark", { "data-kind": isPoint(), focusable: "false" });
    made.append(node("rect", "mark-ground", { width: "100%", height: "100%" }), node("rect", "mark-part", { height: "100%" }));
    made.append(node("svg", "mark-bars", { height: "100%", preserveAspectRatio: "none", "aria-hidden": "true" }));
    for (const name of isPoint() ? ["end"] : ["start", "end"]) made.append(node("line", "mark-edge", { "data-edge": name, y1: "0", y2: "100%" }));
    if (isPoint()) made.append(grip("end", "Where it continues from"));
    else made.append(grip("start", "Start of the part"), grip("end", "End of the part"));
    box().append(made);
    return made;
  }

  const share = (at) => `${((100 * at) / length()).toFixed(3)}%`;

  function draw() {
    if (!form() && !box()?.querySelector(".wave-mark")) return;
    const now = part();
    if (!isOpen()) box()?.querySelector(".wave-mark")?.remove();
    else place(surface(), now);
    tell(now);
    for (const each of timed(".part, .part-name, .line, .verse")) each.classList.toggle("is-chosen", isIn(each, now));
    hint();
    document.dispatchEvent(new CustomEvent("mark:change", { detail: now }));
  }

  function place(over, now) {
    for (const each of over.children) each.toggleAttribute("hidden", !now && !each.matches(".mark-ground"));
    if (!now) return;
    const fill = over.querySelector(".mark-part");
    fill.setAttribute("x", share(now.start));
    fill.setAttribute("width", share(now.end - now.start));
    for (const edge of over.querySelectorAll("[data-edge]")) {
      for (const name of ["x1", "x2"]) edge.setAttribute(name, share(now[edge.dataset.edge]));
    }
    for (const each of over.querySelectorAll("[data-grip]")) {
      const at = now[each.dataset.grip];
      each.setAttribute("x", share(at));
      each.setAttribute("aria-valuemax", most().toFixed(1));
      each.setAttribute("aria-valuenow", at.toFixed(1));
      each.setAttribute("aria-valuetext", clock(at));
    }
    bars(over.querySelector(".mark-bars"), now);
  }

  /* What is chosen and not yet played, once more and in ink. */
  function bars(over, now) {
    const wave = [...box().querySelectorAll(".wave")].find((each) => getComputedStyle(each).display !== "none");
    const playing = window.flowwebPlayer?.now;
    const played = playing?.clip === box().dataset.wave ? playing.time : 0;
    const start = Math.max(now.start, Math.min(played, now.end));
    const isShown = Boolean(wave) && now.end - start > 0.05;
    over.toggleAttribute("hidden", !isShown);
    if (!isShown) return;
    if (over.dataset.of !== wave.getAttribute("class")) over.replaceChildren(...[...wave.children].map((path) => path.cloneNode()));
    over.dataset.of = wave.getAttribute("class");
    const { width, height } = wave.viewBox.baseVal;
    over.setAttribute("viewBox", `${(width * start) / length()} 0 ${(width * (now.end - start)) / length()} ${height}`);
    over.setAttribute("x", share(start));
    over.setAttribute("width", share(now.end - start));
  }

  const timed = (kinds) => [...document.querySelectorAll("#work [data-from]")].filter((each) => each.matches(kinds));
  const span = (each) => [Number(each.dataset.from), Number(each.dataset.to)];
  function isIn(each, now) {
    const [from, to] = span(each);
    return Boolean(now) && !now.isPoint && (from + to) / 2 > now.start && (from + to) / 2 < now.end;
  }

  /* As text, below the waveform */
  function tell(now) {
    const shown = document.querySelector("[data-chosen]");
    if (!shown) return;
    shown.hidden = !now;
    if (!now) return;
    const middle = (now.start + now.end) / 2;
    const names = timed(".part-name").filter((each) => isIn(each, now) || (span(each)[0] <= middle && middle < span(each)[1]));
    const said = names.map((each) => each.textContent.trim());
    const about = said.length > 2 ? [said[0], said.at(-1)].join(" to ") : said.join(", ");
    const atEnd = now.end > most() - LEAST_S;
    shown.querySelector("[data-chosen-place]").textContent = now.isPoint ? `From ${clock(now.end)}` : `${clock(now.start)}–${clock(now.end)}`;
    shown.querySelector("[data-chosen-text]").textContent = now.isPoint
      ? atEnd ? "the end" : about
      : [`${(now.end - now.start).toFixed(1)} s`, about].filter(Boolean).join(", ");
  }

  function hint() {
    const words = document.querySelector("[data-hint]");
    if (words) words.textContent = !isOpen() ? words.dataset.hint : isPoint() ? HINTS.point : HINTS.section;
  }

  /* The pointer: a grip is moved, a drag chooses anew, a click goes to that second. */
  let drag = null;
  function at(event) {
    const { left, width } = box().getBoundingClientRect();
    return within(((event.clientX - left) / width) * length());
  }

  document.addEventListener("pointerdown", (event) => {
    const over = event.target.closest?.(".wave-mark");
    if (!over || event.button !== 0) return;
    over.setPointerCapture(event.pointerId);
    const held = event.target.closest("[data-grip]");
    held?.focus();
    drag = { over, from: event.clientX, start: at(event), grip: held?.dataset.grip, isMoving: Boolean(held) };
    if (held) event.preventDefault();
    picked = null;
  });
  document.addEventListener("pointermove", (event) => {
    if (!drag) return;
    drag.isMoving ||= Math.abs(event.clientX - drag.from) > SLACK_PX;
    if (!drag.isMoving) return;
    if (drag.grip) move(drag.grip, at(event));
    else choose(drag.start, at(event));
  });
  document.addEventListener("pointerup", (event) => {
    if (drag && !drag.isMoving) seek(at(event));
    drag = null;
  });
  document.addEventListener("pointercancel", () => (drag = null));

  function seek(to) {
    const range = box().querySelector("input[type=range]");
    if (!range) return;
    range.value = to;
    range.dispatchEvent(new Event("change", { bubbles: true }));
  }

  /* One end, which never passes the other */
  function move(name, to) {
    const now = part();
    if (!now) return;
    if (now.isPoint) write("at", within(to));
    else if (name === "start") write("start", Math.max(0, Math.min(to, now.end - LEAST_S)));
    else write("end", within(Math.max(to, now.start + LEAST_S)));
  }

  document.addEventListener("keydown", (event) => {
    const name = event.target.closest?.("[data-grip]")?.dataset.grip;
    if (!name || event.ctrlKey || event.metaKey || event.altKey) return;
    const to = { Home: 0, End: most() }[event.key] ?? part()[name] + STEPS[event.key] * (event.shiftKey ? 10 : 1);
    if (Number.isNaN(to)) return;
    event.preventDefault();
    move(name, to);
  });

  /* Lines and sections: the first one chooses, the second one takes all between them. */
  let picked = null;
  window.addEventListener(
    "click",
    (event) => {
      if (!isOpen() || event.ctrlKey || event.metaKey) return;
      const each = event.target.closest(".line[data-from], .part[data-from]") || event.target.closest("h3 [data-at]")?.closest("[data-from]");
      if (!each) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      pick(each);
    },
    true,
  );

  function pick(each) {
    const [first, last] = [span(picked || each), span(each)];
    const isSecond = Boolean(picked) && picked !== each;
    choose(Math.min(first[0], last[0]), Math.max(first[1], last[1]));
    picked = isSecond || isPoint() ? null : each;
    const now = part();
    const said = document.querySelector("[data-copied]");
    if (said && now) said.textContent = now.isPoint ? `From ${clock(now.end)}` : `From ${clock(now.start)} to ${clock(now.end)}`;
  }

  /* To the lines that are nearest */
  document.addEventListener("click", (event) => {
    const now = event.target.closest("[data-fit]") && part();
    if (!now) return;
    const rows = timed(".line").length ? timed(".line") : timed(".verse, .part");
    const near = (to, index) => rows.map((row) => span(row)[index]).sort((one, two) => Math.abs(one - to) - Math.abs(two - to))[0];
    const [start, end] = [near(now.start, 0), near(now.end, 1)];
    if (start < end) choose(start, end);
  });

  document.addEventListener("input", (event) => {
    if (event.target.form !== form()) return;
    if (event.target.dataset.place && event.isTrusted) picked = null;
    draw();
  });
  for (const name of ["player:time", "player:take"]) {
    document.addEventListener(name, () => {
      const now = part();
      const over = now && box().querySelector(".mark-bars");
      if (over) bars(over, now);
    });
  }
  window.addEventListener("resize", () => {
    if (isOpen()) draw();
  });
  for (const name of ["htmx:load", "form:filled", "change"]) {
    document.addEventListener(name, (event) => {
      if (name !== "change" || event.target.form === form()) draw();
    });
  }

  window.flowwebSelection = {
    clock,
    parse,
    length,
    get part() {
      return part();
    },
  };
})();
