/* The drawer of an edit: sliders tied to their figures, what the button says, hearing the chosen part, opening, closing
   and sending. */
(function () {
  "use strict";

  const BEFORE_S = 5; // heard before a point
  const narrow = matchMedia("(max-width: 959.98px)");
  const mark = window.flowwebSelection;
  const player = () => window.flowwebPlayer;
  const form = () => document.querySelector("form#edit");
  const minutes = (s) => `${Math.floor(Math.round(s) / 60)}:${String(Math.round(s) % 60).padStart(2, "0")}`;

  /* A slider writes its field; the field moves its slider. */
  const figure = (slider) => document.getElementById(slider.dataset.for);

  function follow(slider) {
    const field = figure(slider);
    const value = Number(field.value.replace(",", "."));
    const isGiven = field.value.trim() !== "" && !Number.isNaN(value);
    slider.value = isGiven ? value : slider.dataset.rest;
    slider.setAttribute("aria-valuetext", `${isGiven ? value : slider.dataset.rest}${field.dataset.unit}`);
  }

  document.addEventListener("input", (event) => {
    if (!form()?.contains(event.target)) return;
    if (event.target.matches(".slider")) {
      const field = figure(event.target);
      field.value = event.target.value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      return;
    }
    const slider = form().querySelector(`.slider[data-for="${CSS.escape(event.target.id)}"]`);
    if (slider) follow(slider);
    say();
  });

  /* What the button does, with the figures of the form */
  function say() {
    const button = form()?.querySelector("[data-pay]");
    if (!button || button.classList.contains("is-sending")) return;
    const words = label();
    if (words) button.querySelector("[data-pay-label]").textContent = "again" in button.dataset ? `${words} again` : words;
  }

  function label() {
    const tool = document.getElementById("tool").dataset.tool;
    if (tool === "replace") return mark.part ? `Replace ${spoken(mark.part.end - mark.part.start)} s` : "Replace";
    if (tool === "effect") return `Apply ${form().elements.effect.value}`;
    return tool === "extend" ? longer() : "";
  }
  const spoken = (seconds) => (seconds < 10 ? seconds.toFixed(1) : Math.round(seconds));

  function longer() {
    const { extend_s: field } = form().elements;
    const adds = Number(field.value.replace(",", ".")) || Number(field.placeholder);
    const told = form().querySelector("[data-new-length]");
    if (told && mark.part) {
      told.textContent = minutes(mark.part.end + adds);
      form().querySelector("[data-adds]").textContent = minutes(adds);
    }
    return `Extend by ${minutes(adds)}`;
  }

  /* Hearing just the part, once or over and over */
  let hearing = null;
  let repeats = false;

  function heard() {
    const now = mark.part;
    return now && (now.isPoint ? { start: Math.max(0, now.end - BEFORE_S), end: now.end } : now);
  }

  function preview() {
    const clip = document.querySelector("[data-wave]").dataset.wave;
    if (hearing) return stop();
    const now = heard();
    if (!now || !player().play(clip, now.start)) return;
    hearing = { clip, ...now, started: false };
    requestAnimationFrame(watch);
    show();
  }

  function stop() {
    const now = player().now;
    if (now && hearing && now.clip === hearing.clip && !now.paused) player().toggle();
    hearing = null;
    show();
  }

  /* Told four times a second the player would sound on for a moment: every frame is asked. */
  function watch() {
    const now = player().now;
    if (!hearing) return;
    const isElsewhere = !now || now.clip !== hearing.clip || (hearing.started && (now.paused || now.time < hearing.start - 1 || now.time > hearing.end + 1));
    if (isElsewhere) {
      hearing = null;
      show();
      return;
    }
    hearing.started ||= !now.paused && now.time >= hearing.start - 0.2 && now.time < hearing.end;
    if (hearing.started && now.time >= hearing.end - 0.03) {
      if (!repeats) return stop();
      Object.assign(hearing, heard());
      player().seek(hearing.start);
    }
    requestAnimationFrame(watch);
  }

  function show() {
    const words = document.querySelector("[data-preview-label]");
    if (words) words.textContent = hearing ? "Stop" : "Preview";
    document.querySelector("[data-loop]")?.setAttribute("aria-pressed", String(repeats));
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-preview]")) preview();
    if (event.target.closest("[data-loop]")) {
      repeats = !repeats;
      show();
    }
  });

  /* Opening: the heading is read. Sending: the fields stay where they were, and the button can be pressed again. Closing: back
     to the button that had opened it. */
  const drawer = () => document.querySelector("#tool[data-tool]");
  const body = () => drawer()?.querySelector(".drawer-body");
  const isSent = ({ requestConfig, xhr }) => requestConfig.elt.id === "edit" && xhr.status === 200;
  let before = { tool: "", top: 0 };

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id !== "tool") return;
    before = { tool: drawer()?.dataset.tool || "", top: isSent(event.detail) ? body().scrollTop : 0 };
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id !== "tool") return;
    if (drawer()) open(isSent(event.detail));
    else document.querySelector(`[data-open-tool="${before.tool}"]`)?.focus();
  });

  function open(isSame) {
    if (!before.tool) drawer().classList.add("is-opening");
    if (!before.tool) uncover();
    body().scrollTop = before.top;
    const wrong = drawer().querySelector('[aria-invalid="true"]');
    const pay = isSame && drawer().querySelector("[data-pay]:enabled");
    (wrong || pay || document.getElementById("tool-title")).focus({ preventScroll: !wrong });
  }

  /* The waveform is seen with the drawer, above it where it comes from below. */
  function uncover() {
    if (drawer()) document.querySelector(".wave-card")?.scrollIntoView({ block: narrow.matches ? "start" : "nearest" });
  }

  /* Before anything else that is open has closed by the same key: one press closes one thing. */
  window.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape" || event.isComposing || !drawer() || drawer().querySelector(".is-sending")) return;
      if (document.querySelector("dialog[open], details.menu[open], #panel.is-open, .toast-item, :popover-open")) return;
      drawer().querySelector("[data-close-tool]").click();
    },
    true,
  );

  /* Sent: the panel shows the new card at once. */
  document.addEventListener("htmx:afterRequest", (event) => {
    if (isSent(event.detail)) htmx.trigger(document.getElementById("panel"), "tick");
  });

  function fresh() {
    form()?.querySelectorAll(".slider").forEach(follow);
    say();
    show();
  }
  document.addEventListener("htmx:load", (event) => {
    if (event.target === document.body || event.target.id === "app") uncover();
  });
  for (const name of ["htmx:load", "form:filled"]) document.addEventListener(name, fresh);
  document.addEventListener("mark:change", say);
  document.addEventListener("change", (event) => {
    if (event.target.form === form()) say();
  });
})();
