/*
The mixer: what is pressed and moved on the page of the stems. A lane (data-lane, data-name) has an <audio>, data-mute, data-solo
and data-level; data-mixer around them names the take. What sounds is mixer-sound.js. The levels are kept for as long as the tab
is open. The player below and the mixer never sound at once. window.flowwebMixer.mix is what sounds, null before the first play.
*/
(function () {
  "use strict";

  const LOWEST_DB = -30; // off
  const JUMP_S = 5;
  const FAR_S = 15;
  const METER_DB = 48;
  const PLAY = "#play-fill";
  const PAUSE = "#pause-fill";
  const player = window.flowwebPlayer;
  const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s) % 60).padStart(2, "0")}`;
  const gainOf = (db) => (db <= LOWEST_DB ? 0 : 10 ** (db / 20));
  const words = (db) => (db <= LOWEST_DB ? "off" : `${db > 0 ? "+" : db < 0 ? "−" : ""}${Math.abs(db).toFixed(1)} dB`);

  let box = null; // the mixer on the page
  let lanes = [];
  let mix = null; // from the first play on
  let frame = 0;
  const one = (name, inside = box) => inside.querySelector(`[data-${name}]`);
  const beside = (name) => document.querySelector(`#work [data-${name}]`);

  /* Coming to the page, and leaving it */
  function open() {
    const found = document.querySelector("#work [data-mixer]");
    if (found === box) return;
    close();
    box = found;
    if (!box) return;
    lanes = [...box.querySelectorAll(".lane")].filter((lane) => lane.querySelector("audio")).map(laneOf);
    remember();
    apply();
  }

  function close() {
    cancelAnimationFrame(frame);
    mix?.close();
    mix = null;
    lanes = [];
  }

  function laneOf(element) {
    const audio = element.querySelector("audio");
    const source = [...audio.querySelectorAll("source")].find(({ type }) => audio.canPlayType(type)) || audio.querySelector("source");
    audio.controls = false;
    audio.preload = "metadata";
    audio.src = source.getAttribute("src");
    return { element, audio, name: element.dataset.name, muted: false, solo: false, broken: false, level: one("level", element) };
  }

  const storageKey = () => `mix:${box.dataset.mixer}`;

  function remember() {
    const kept = JSON.parse(sessionStorage.getItem(storageKey()) || "{}");
    for (const lane of lanes) {
      const was = kept[lane.element.dataset.lane];
      if (!was) continue;
      [lane.muted, lane.solo] = [was.muted === true, was.solo === true];
      lane.level.value = was.db;
    }
    if (kept.all !== undefined) one("level='all'").value = kept.all;
  }

  function keep() {
    const kept = { all: one("level='all'").value };
    for (const { element, muted, solo, level } of lanes) kept[element.dataset.lane] = { muted, solo, db: level.value };
    sessionStorage.setItem(storageKey(), JSON.stringify(kept));
  }

  /* What is heard of each, and what is said of it */
  const isOff = (lane) => Number(lane.level.value) <= LOWEST_DB;
  const soloed = () => lanes.filter((lane) => lane.solo);
  const isHeard = (lane) => !lane.broken && !isOff(lane) && (soloed().length ? lane.solo : !lane.muted);

  function apply() {
    lanes.forEach((lane, index) => {
      const heard = isHeard(lane);
      one("mute", lane.element).setAttribute("aria-pressed", String(lane.muted));
      one("solo", lane.element).setAttribute("aria-pressed", String(lane.solo));
      lane.element.classList.toggle("is-silent", !heard);
      showLevel(lane.level, one("db", lane.element));
      mix?.setGain(index, heard ? gainOf(Number(lane.level.value)) : 0);
    });
    showLevel(one("level='all'"), one("db='all'"));
    mix?.setAll(gainOf(Number(one("level='all'").value)));
    tell();
    draw();
  }

  function showLevel(range, figure) {
    const said = words(Number(range.value));
    range.setAttribute("aria-valuetext", said);
    figure.textContent = said;
  }

  function listed(those) {
    const names = those.map((lane, index) => (index ? lane.name.toLowerCase() : lane.name));
    return names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : names[0];
  }

  /* A sentence about what can't be heard, and the button that changes that. */
  function tell() {
    const silent = lanes.filter((lane) => !isHeard(lane) && !lane.broken);
    const broken = lanes.filter((lane) => lane.broken);
    const some = soloed();
    const button = beside("mix-unmute");
    const said = [];
    if (broken.length) said.push(`${listed(broken)} can’t be played here.`);
    if (Number(one("level='all'").value) <= LOWEST_DB) said.push("The volume of all tracks is off.");
    else if (some.length && some.length < lanes.length) said.push(`Only ${listed(some).toLowerCase()} can be heard.`);
    else if (silent.length) said.push(`${listed(silent)} ${silent.length > 1 ? "are" : "is"} ${silent.every((lane) => lane.muted) ? "muted" : "silent"}.`);
    beside("silent-text").textContent = said.join(" ");
    button.hidden = !silent.length && said.length === broken.length;
    button.textContent = some.length ? "Unmute all" : silent.length > 1 ? "Unmute them" : "Unmute";
  }

  function unmuteAll() {
    const some = soloed().length > 0;
    const all = one("level='all'");
    if (Number(all.value) <= LOWEST_DB) all.value = 0;
    for (const lane of lanes) {
      lane.solo = false;
      if (some) continue;
      lane.muted = false;
      if (isOff(lane)) lane.level.value = 0;
    }
    changed();
    one("mix-play").focus();
  }

  function reset() {
    for (const lane of lanes) Object.assign(lane, { muted: false, solo: false }).level.value = 0;
    one("level='all'").value = 0;
    changed();
  }

  function changed() {
    apply();
    keep();
  }

  function press(index, name) {
    const lane = lanes[index];
    if (!lane) return;
    lane[name] = !lane[name];
    changed();
  }

  /* Going */
  function toggle() {
    if (!lanes.length) return;
    if (!mix) {
      mix = window.flowwebMix(
        lanes.map((lane) => lane.audio),
        { changed: state, failed: lost },
      );
      mix.seek(Number(one("mix-seek")?.value || 0));
      apply();
    }
    if (mix.paused) {
      player.audio.pause();
      document.dispatchEvent(new CustomEvent("mixer:play"));
      mix.play();
    } else mix.pause();
  }

  function lost(index) {
    lanes[index].broken = true;
    apply();
    if (lanes.every((lane) => lane.broken)) mix.pause();
  }

  function state(now) {
    const button = one("mix-play");
    const use = button.querySelector("use");
    const [from, to] = now === "paused" ? [PAUSE, PLAY] : [PLAY, PAUSE];
    use.setAttribute("href", use.getAttribute("href").replace(from, to));
    button.setAttribute("aria-label", now === "paused" ? "Play the tracks" : "Pause the tracks");
    box.dataset.state = now;
    cancelAnimationFrame(frame);
    if (now === "paused") draw();
    else run();
  }

  function seek(to) {
    const whole = Number(box.dataset.duration);
    const at = Math.min(Math.max(0, to), whole);
    if (mix) mix.seek(at);
    if (one("mix-seek")) one("mix-seek").value = at;
    draw(at);
  }

  const place = () => (mix ? mix.at : Number(one("mix-seek")?.value || 0));

  function run() {
    draw();
    frame = requestAnimationFrame(run);
  }

  function draw(at = place()) {
    const whole = Number(box.dataset.duration) || 1;
    const share = Math.min(1, at / whole);
    const range = one("mix-seek");
    one("mix-now").textContent = clock(at);
    if (range) {
      range.value = at;
      range.setAttribute("aria-valuetext", `${clock(at)} of ${clock(Math.round(whole))}`);
    }
    for (const line of box.querySelectorAll(".lane .playhead line")) for (const name of ["x1", "x2"]) line.setAttribute(name, `${100 * share}%`);
    for (const stop of box.querySelectorAll(".lane linearGradient stop")) stop.setAttribute("offset", share);
    for (const part of box.querySelectorAll(".part, .part-name")) {
      part.classList.toggle("is-sung", at > 0 && at >= Number(part.dataset.from) && at < Number(part.dataset.to));
    }
    lanes.forEach((lane, index) => meter(lane, mix && !mix.paused ? mix.level(index) : 0));
  }

  function meter(lane, level) {
    const full = level ? Math.max(0, 1 + (20 * Math.log10(level)) / METER_DB) : 0;
    const height = Math.round(Math.min(1, full) * 12) * (100 / 12);
    const bar = lane.element.querySelector(".meter-level");
    bar.setAttribute("height", height);
    bar.setAttribute("y", 100 - height);
  }

  /* Hands */
  const laneAt = (target) => lanes.findIndex((lane) => lane.element.contains(target));

  document.addEventListener("click", (event) => {
    if (!box?.isConnected) return;
    const { target } = event;
    if (target.closest("[data-mix-play]")) toggle();
    else if (target.closest("[data-mute]")) press(laneAt(target), "muted");
    else if (target.closest("[data-solo]")) press(laneAt(target), "solo");
    else if (target.closest("#work [data-mix-unmute]")) unmuteAll();
    else if (target.closest("#work [data-mix-reset]")) reset();
    else if (target.closest(".lane-wave") && laneAt(target) >= 0) {
      const wave = target.closest(".lane-wave").getBoundingClientRect();
      seek((Number(box.dataset.duration) * (event.clientX - wave.left)) / wave.width);
    }
  });
  document.addEventListener("input", (event) => {
    if (!box?.contains(event.target)) return;
    if ("mixSeek" in event.target.dataset) seek(Number(event.target.value));
    else if ("level" in event.target.dataset) changed();
  });

  /* In the capture phase: on this page the keys of the player are the mixer's. */
  document.addEventListener(
    "keydown",
    (event) => {
      if (!box?.isConnected || event.ctrlKey || event.metaKey || event.altKey || !lanes.length) return;
      if (event.target.closest("input:not([type=range]), textarea, select, dialog[open], details.menu[open], #player")) return;
      const act = keyed(event);
      if (!act) return;
      event.preventDefault();
      event.stopPropagation();
      act();
    },
    true,
  );

  function keyed(event) {
    const number = Number(/^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1]);
    if (number) return lanes[number - 1] && (() => press(number - 1, event.shiftKey ? "solo" : "muted"));
    if (event.key === " ") return event.target.closest("button, summary, a") ? null : toggle;
    if (!event.key.startsWith("Arrow") && !event.key.startsWith("Page")) return null;
    if (event.target.closest("input:not([data-mix-seek])")) return null;
    const on = ["ArrowRight", "ArrowUp", "PageUp"].includes(event.key);
    const onSeek = "mixSeek" in event.target.dataset;
    if (!onSeek && !/^Arrow(?:Left|Right)$/.test(event.key)) return null;
    const far = event.shiftKey || event.key.startsWith("Page");
    return () => seek(place() + (on ? 1 : -1) * (far ? FAR_S : JUMP_S));
  }

  document.addEventListener("player:state", (event) => {
    if (mix && event.detail && !event.detail.paused) mix.pause();
  });

  window.flowwebMixer = {
    get mix() {
      return mix;
    },
  };

  /* What follows the panel waits for a pause. */
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target.id === "stems" && mix && !mix.paused) event.preventDefault();
  });
  document.addEventListener("htmx:load", open);
})();
