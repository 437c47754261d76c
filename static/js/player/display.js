/*
What the player shows, on itself and on the page: the buttons, the .take lines and every svg.wave of the take
that sounds (the data-clip of it, or around it) are marked. One gradient (#played) colours those waveforms up to the place in the song.
*/
(function () {
  "use strict";

  const PLAY = "#play-fill";
  const PAUSE = "#pause-fill";
  const DRAWN_WITHIN_S = 10; // a take that isn't saved yet has no waveform; when it is, that follows
  const player = window.flowwebPlayer;
  const { audio, known, clock } = player;
  const id = (name) => document.getElementById(`player-${name}`);
  const root = document.getElementById("player");
  const idle = { title: id("title").textContent, sub: id("sub").textContent };

  function show() {
    const take = player.take;
    if (take?.tone) root.dataset.tone = take.tone;
    else delete root.dataset.tone;
    title(take);
    cover(take);
    root.querySelectorAll("[data-transport]").forEach((control) => (control.disabled = !take));
    say("");
    id("said").textContent = take ? `${take.title}, take ${take.letter}` : "";
    takes(take);
    waveform(take);
    mark();
  }

  function title(take) {
    const title = id("title");
    title.textContent = take ? take.title : idle.title;
    if (!take) {
      title.removeAttribute("href");
      return;
    }
    title.href = take.page;
    htmx.process(title);
  }

  function cover(take) {
    const cover = id("cover");
    cover.hidden = !take?.cover;
    if (take?.cover) cover.src = take.cover;
  }

  function say(words) {
    const line = id("sub");
    const take = player.take;
    line.textContent = words || (take ? [`Take ${take.letter}`, take.from].filter(Boolean).join(", ") : idle.sub);
    line.classList.toggle("is-wrong", Boolean(words));
    line.title = words;
    if (words) id("said").textContent = words;
  }

  function takes(take) {
    const box = id("takes");
    const pair = [take, known.get(take?.other)].filter(Boolean).sort((a, b) => a.letter.localeCompare(b.letter));
    const hadFocus = box.contains(document.activeElement);
    box.classList.toggle("is-off", pair.length < 2);
    box.replaceChildren(...(pair.length < 2 ? [] : pair.map((each) => letter(each, each === take))));
    if (hadFocus) box.querySelector('[aria-pressed="true"]')?.focus();
  }

  function letter(take, pressed) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.take = take.clip;
    button.textContent = take.letter;
    button.setAttribute("aria-label", `Take ${take.letter}`);
    button.setAttribute("aria-pressed", String(pressed));
    button.title = `Take ${take.letter}, at the same position (x)`;
    return button;
  }

  let askedAt = 0; // of the song: where it was when its waveform was asked for
  async function waveform(take) {
    askedAt = audio.currentTime;
    let drawn = null;
    try {
      const answer = take?.peaks && (await fetch(take.peaks));
      if (answer?.status === 200) drawn = await answer.json();
    } catch {
      /* No waveform then: the place is in the figures too. */
    }
    if (player.take !== take) return;
    const wave = id("wave");
    wave.setAttribute("viewBox", `0 0 ${drawn?.width || 450} ${drawn?.height || 100}`);
    wave.firstElementChild.setAttribute("d", drawn?.path || "M0 50H450");
    wave.classList.toggle("wave-none", !drawn?.path);
  }

  function place() {
    const whole = player.length();
    const share = whole ? audio.currentTime / whole : 0;
    for (const stop of ["played-done", "played-rest"]) document.getElementById(stop).setAttribute("offset", share);
    id("now").textContent = clock(audio.currentTime);
    id("length").textContent = clock(Math.round(whole)); // as the lists round it
    id("line").value = share;
    const range = id("seek");
    range.max = whole || 1;
    range.value = audio.currentTime;
    range.setAttribute("aria-valuetext", `${clock(audio.currentTime)} of ${clock(Math.round(whole))}`);
  }

  /* Everything on the page that belongs to the sounding take. */
  function mark() {
    const take = player.take;
    const sounds = Boolean(take) && !audio.paused;
    picture(id("play"), sounds);
    id("play").setAttribute("aria-label", sounds ? "Pause" : "Play");
    player.look();
    document.querySelectorAll("[data-play]").forEach((button) => {
      const mine = player.clipOf(button) === take?.clip;
      picture(button, mine && sounds);
      button.classList.toggle("is-on", mine);
      button.classList.toggle("is-sounding", mine && sounds);
      button.closest(".take")?.classList.toggle("is-on", mine);
      const name = button.getAttribute("aria-label");
      if (name) button.setAttribute("aria-label", name.replace(/^(Play|Pause)/, mine && sounds ? "Pause" : "Play"));
    });
    document.querySelectorAll("[data-clip] svg.wave, svg.wave[data-clip]").forEach((wave) => {
      wave.classList.toggle("is-sounding", player.clipOf(wave) === take?.clip);
    });
  }

  function picture(button, sounds) {
    const use = button.querySelector("use");
    const [from, to] = sounds ? [PLAY, PAUSE] : [PAUSE, PLAY];
    const link = use?.getAttribute("href");
    if (link?.endsWith(from)) use.setAttribute("href", link.slice(0, -from.length) + to);
  }

  /* Narrow screens keep what doesn't fit behind one button. */
  function open(wanted) {
    root.classList.toggle("is-open", wanted);
    id("more").setAttribute("aria-expanded", String(wanted));
  }
  const isOpen = () => root.classList.contains("is-open");

  id("more").addEventListener("click", () => open(!isOpen()));
  id("song").addEventListener("click", (event) => {
    if (!event.target.closest("a") && id("more").checkVisibility()) open(!isOpen());
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || !isOpen() || root.querySelector(":popover-open")) return;
    open(false);
    if (root.contains(document.activeElement)) id("more").focus();
  });
  document.addEventListener("click", (event) => {
    if (isOpen() && !root.contains(event.target)) open(false);
  });

  id("cover").addEventListener("error", () => (id("cover").hidden = true));
  id("play").addEventListener("click", player.toggle);
  id("takes").addEventListener("click", (event) => {
    if (event.target.dataset.take) player.change(event.target.dataset.take);
  });
  root.querySelectorAll("[data-jump]").forEach((button) => {
    button.addEventListener("click", () => player.seek(audio.currentTime + Number(button.dataset.jump)));
  });
  id("seek").addEventListener("input", (event) => player.seek(Number(event.target.value)));

  document.addEventListener("player:take", show);
  document.addEventListener("player:state", mark);
  document.addEventListener("player:time", place);
  document.addEventListener("player:time", () => {
    const isMissing = player.take?.remote && id("wave").classList.contains("wave-none");
    if (isMissing && Math.abs(audio.currentTime - askedAt) > DRAWN_WITHIN_S) waveform(player.take);
  });
  document.addEventListener("player:trouble", (event) => {
    say(event.detail.words);
    mark();
  });
  audio.addEventListener("playing", () => {
    say("");
    if (id("wave").classList.contains("wave-none")) waveform(player.take); // the connection may be back
  });
  document.addEventListener("htmx:load", mark);
})();
