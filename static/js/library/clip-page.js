/*
The page of one take: the place in its waveform, the lyrics as they are sung, the switch to another take, and copying.

It reads data-wave (the clip id, on the box with the playhead and the slider), data-from and data-to (seconds, on sections,
verses and lines), data-at (a click goes to that second), data-switch (a link to another take of the song) and data-copy
(the id of what is copied). Of the sound it knows only what window.flowwebPlayer says.
*/
(function () {
  "use strict";

  const JUMP_S = 5;
  const FAR_JUMP_S = 15;
  const LINGERS_S = 2; // a line stays marked over the breath before the next one
  const HANDS_OFF_MS = 4000; // after somebody has scrolled the lyrics
  const COPIED_MS = 2000;
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const player = () => window.flowwebPlayer;
  const wave = () => document.querySelector("[data-wave]");
  const slider = () => wave()?.querySelector("input");
  const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s) % 60).padStart(2, "0")}`;

  let shownAt = -1; // the second that the page shows, -1: this take isn't loaded
  let touchedAt = -Infinity;

  /* What the player says, as far as it is about this take */
  function follow() {
    const box = wave();
    if (!box) return;
    const now = player()?.now;
    const mine = now && now.clip === box.dataset.wave ? now : null;
    place(box, mine);
    word(mine);
    const at = mine ? mine.time : -1;
    if (at === shownAt) return;
    shownAt = at;
    markSung(at);
  }

  function place(box, mine) {
    const head = box.querySelector(".playhead");
    if (!head) return;
    head.toggleAttribute("hidden", !mine);
    const range = slider();
    if (mine?.duration) range.max = mine.duration;
    range.value = mine ? mine.time : 0;
    say(range);
    const at = `${(100 * Number(range.value)) / (Number(range.max) || 1)}%`;
    for (const name of ["x1", "x2"]) head.querySelector("line").setAttribute(name, at);
    head.querySelector("circle").setAttribute("cx", at);
  }

  function say(range) {
    range.setAttribute("aria-valuetext", `${clock(Number(range.value))} of ${clock(Number(range.max))}`);
  }

  function word(mine) {
    const words = document.querySelector("[data-play-word]");
    const text = mine && !mine.paused ? "Pause" : "Play";
    if (words && words.textContent !== text) words.textContent = text;
  }

  function markSung(at) {
    const timed = [...document.querySelectorAll("#work [data-from]")];
    for (const kind of [".part", ".part-name", ".verse", ".line"]) {
      const row = timed.filter((each) => each.matches(kind));
      const sung = row.find((each, index) => at >= Number(each.dataset.from) && at < until(each, row[index + 1]));
      for (const each of row) mark(each, each === sung);
    }
  }

  function until(each, next) {
    const lingers = Number(each.dataset.to) + LINGERS_S;
    return next ? Math.min(lingers, Number(next.dataset.from)) : lingers;
  }

  function mark(each, isSung) {
    if (each.classList.contains("is-sung") === isSung) return;
    each.classList.toggle("is-sung", isSung);
    if (each.matches("svg *")) return; // decoration
    if (isSung) each.setAttribute("aria-current", "true");
    else each.removeAttribute("aria-current");
    if (isSung) keepInSight(each);
  }

  /* Inside its own box only, and not while somebody moves it. */
  function keepInSight(line) {
    const box = line.closest("[data-lyrics]");
    if (still.matches || performance.now() - touchedAt < HANDS_OFF_MS) return;
    const offset = line.getBoundingClientRect().top - box.getBoundingClientRect().top;
    const top = box.scrollTop + offset - (box.clientHeight - Math.min(line.offsetHeight, box.clientHeight)) / 3;
    box.scrollTo({ top, behavior: "smooth" });
  }

  for (const name of ["wheel", "touchmove", "pointerdown", "keydown"]) {
    document.addEventListener(
      name,
      (event) => {
        if (event.target.closest?.("[data-lyrics]")) touchedAt = performance.now();
      },
      { passive: true },
    );
  }

  /* Going to a place. A take that isn't loaded is played from there. */
  function go(to, plays) {
    const clip = wave().dataset.wave;
    if (!plays && player().now?.clip === clip) player().seek(to);
    else player().play(clip, to);
  }

  const isOurs = (range) => Boolean(range) && range === slider();

  document.addEventListener("input", (event) => {
    if (!isOurs(event.target)) return;
    say(event.target);
    if (player().now?.clip === wave().dataset.wave) go(Number(event.target.value), false);
  });
  document.addEventListener("change", (event) => {
    if (isOurs(event.target)) go(Number(event.target.value), false);
  });
  document.addEventListener("keydown", (event) => {
    if (!isOurs(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
    const jumps = { ArrowLeft: -JUMP_S, ArrowDown: -JUMP_S, ArrowRight: JUMP_S, ArrowUp: JUMP_S };
    Object.assign(jumps, { PageDown: -FAR_JUMP_S, PageUp: FAR_JUMP_S });
    if (!jumps[event.key]) return;
    event.preventDefault();
    go(Math.min(Number(event.target.max), Math.max(0, Number(event.target.value) + jumps[event.key])), false);
  });

  /* In the capture phase: before the player and htmx. */
  window.addEventListener(
    "click",
    (event) => {
      if (!wave() || event.ctrlKey || event.metaKey || event.shiftKey) return;
      const line = event.target.closest("[data-at]");
      const play = event.target.closest(".take-card [data-play]");
      const link = event.target.closest("[data-switch]");
      if (line) {
        event.preventDefault();
        touchedAt = -Infinity;
        go(Number(line.dataset.at), true);
      } else if (play && change(play.dataset.clip)) {
        event.preventDefault();
        event.stopImmediatePropagation();
      } else if (link) {
        change(link.dataset.switch); // and the visit goes on
      }
    },
    true,
  );

  /* At the same second, if a take of this song is loaded. False: it isn't, or it is that one. */
  function change(clip) {
    const loaded = player().now?.clip;
    if (!loaded || loaded === clip || !document.querySelector(`.take-card[data-clip="${loaded}"]`)) return false;
    player().change(clip);
    return true;
  }

  /* Copying */
  function lyrics(box) {
    const verses = [...box.querySelectorAll(".verse")].map((verse) => {
      const name = verse.querySelector("h3")?.textContent;
      const lines = [...verse.querySelectorAll(".line")].map((line) => line.textContent);
      return [...(name ? [`[${name.trim()}]`] : []), ...lines].join("\n");
    });
    return verses.join("\n\n");
  }

  async function copy(button) {
    const source = document.getElementById(button.dataset.copy);
    const text = source.matches("[data-lyrics]") ? lyrics(source) : source.textContent;
    const status = document.querySelector("[data-copied]");
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      getSelection().selectAllChildren(source);
      status.textContent = "The browser does not allow this page to copy. The text is selected: copy it from there.";
      return;
    }
    status.textContent = "Copied";
    const label = button.firstChild;
    label.data = "Copied";
    setTimeout(() => {
      label.data = "Copy";
      status.textContent = "";
    }, COPIED_MS);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
  });

  for (const name of ["player:state", "player:time", "player:take"]) document.addEventListener(name, follow);
  document.addEventListener("htmx:load", () => {
    shownAt = -2;
    follow();
  });
})();
