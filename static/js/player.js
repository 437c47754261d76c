/*
The one player. It plays what an element with data-play says:
  data-src (m4a), data-src-mp3, data-clip, data-title, data-letter, data-cover, data-tone, data-duration,
  data-other (the clip id of the other take), data-page (the take's own page), data-peaks (its waveform)
and marks that element, its .take line and every svg.wave[data-clip] while it sounds. One gradient (#played) colours all
of those waveforms up to the place in the song.
*/
(function () {
  "use strict";

  const PLAY = "#play-fill";
  const PAUSE = "#pause-fill";
  const JUMP_S = 5;
  const id = (name) => document.getElementById(`player-${name}`);
  const audio = id("audio");
  const root = document.getElementById("player");

  const known = new Map(); // clip id → what its play button said
  let now = null; // the take that is loaded
  let triedMp3 = false;

  const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s) % 60).padStart(2, "0")}`;
  const playsM4a = () => audio.canPlayType('audio/mp4; codecs="mp4a.40.2"') !== "";
  const length = () => (Number.isFinite(audio.duration) ? audio.duration : Number(now?.duration) || 0);

  function learn(button) {
    known.set(button.dataset.clip, { ...button.dataset });
  }

  /* Loading and playing */
  function load(take, at) {
    now = take;
    triedMp3 = !take.src || !playsM4a();
    audio.src = triedMp3 ? take.srcMp3 || take.src : take.src;
    if (at) audio.addEventListener("loadedmetadata", () => seek(at), { once: true });
    show();
    start();
  }

  function start() {
    audio.play().catch((error) => {
      if (error.name === "NotAllowedError") say("Press play to hear it.");
    });
  }

  function toggle() {
    if (!now) return;
    if (audio.paused) start();
    else audio.pause();
  }

  function seek(to) {
    audio.currentTime = Math.min(Math.max(0, to), Math.max(0, length() - 0.2));
    place();
  }

  /* The other take at the same second. */
  function change(clip) {
    const take = known.get(clip);
    if (!take || take.clip === now.clip) return;
    const wasPaused = audio.paused;
    load(take, audio.currentTime);
    if (wasPaused) audio.pause();
  }

  /* What the player shows */
  function show() {
    if (now.tone) root.dataset.tone = now.tone;
    else delete root.dataset.tone;
    const title = id("title");
    title.textContent = now.title;
    title.hidden = false;
    title.href = now.page;
    htmx.process(title);
    say("");
    const cover = id("cover");
    cover.hidden = !now.cover;
    if (now.cover) cover.src = now.cover;
    root.querySelectorAll(":disabled").forEach((control) => (control.disabled = false));
    takes();
    waveform();
    place();
    mark();
    announce();
  }

  function say(words) {
    const line = id("sub");
    line.textContent = words || `Take ${now.letter}`;
    line.classList.toggle("is-wrong", Boolean(words));
  }

  function takes() {
    const box = id("takes");
    const pair = [now, known.get(now.other)].filter(Boolean).sort((a, b) => a.letter.localeCompare(b.letter));
    const hadFocus = box.contains(document.activeElement);
    box.hidden = pair.length < 2;
    box.replaceChildren(
      ...pair.map((take) => {
        const button = document.createElement("button");
        button.type = "button";
        button.dataset.take = take.clip;
        button.textContent = take.letter;
        button.setAttribute("aria-label", `Take ${take.letter}`);
        button.setAttribute("aria-pressed", String(take.clip === now.clip));
        button.title = `Take ${take.letter}, at the same second (x)`;
        return button;
      }),
    );
    if (hadFocus) box.querySelector('[aria-pressed="true"]')?.focus();
  }

  async function waveform() {
    const clip = now.clip;
    const wave = id("wave");
    let drawn = null;
    try {
      const answer = await fetch(now.peaks);
      if (answer.ok) drawn = await answer.json();
    } catch {
      /* No waveform then: the place is in the figures too. */
    }
    if (now.clip !== clip) return;
    wave.setAttribute("viewBox", `0 0 ${drawn?.width || 450} ${drawn?.height || 100}`);
    wave.firstElementChild.setAttribute("d", drawn?.path || "M0 50H450");
    wave.classList.toggle("wave-none", !drawn?.path);
  }

  function place() {
    const whole = length();
    const share = whole ? audio.currentTime / whole : 0;
    for (const stop of ["played-done", "played-rest"]) document.getElementById(stop).setAttribute("offset", share);
    id("now").textContent = clock(audio.currentTime);
    id("length").textContent = clock(whole);
    id("line").value = share;
    const range = id("seek");
    range.max = whole || 1;
    range.value = audio.currentTime;
    range.setAttribute("aria-valuetext", `${clock(audio.currentTime)} of ${clock(whole)}`);
  }

  /* Everything on the page that belongs to the sounding take. */
  function mark() {
    const sounds = now && !audio.paused;
    picture(id("play"), sounds);
    id("play").setAttribute("aria-label", sounds ? "Pause" : "Play");
    document.querySelectorAll("[data-play]").forEach((button) => {
      learn(button);
      const mine = Boolean(now) && button.dataset.clip === now.clip;
      picture(button, mine && sounds);
      button.classList.toggle("is-on", mine);
      button.closest(".take")?.classList.toggle("is-on", mine);
      const name = button.getAttribute("aria-label");
      if (name) button.setAttribute("aria-label", name.replace(/^(Play|Pause)/, mine && sounds ? "Pause" : "Play"));
    });
    document.querySelectorAll("svg.wave[data-clip]").forEach((wave) => {
      wave.classList.toggle("is-sounding", Boolean(now) && wave.dataset.clip === now.clip);
    });
  }

  function picture(button, sounds) {
    const use = button.querySelector("use");
    const [from, to] = sounds ? [PLAY, PAUSE] : [PAUSE, PLAY];
    const link = use.getAttribute("href");
    if (link.endsWith(from)) use.setAttribute("href", link.slice(0, -from.length) + to);
  }

  function announce() {
    if (!("mediaSession" in navigator)) return;
    const artwork = now.cover ? [{ src: new URL(now.cover, location.href).href }] : [];
    navigator.mediaSession.metadata = new MediaMetadata({ title: now.title, artist: `Take ${now.letter}`, artwork });
  }

  if ("mediaSession" in navigator) {
    const actions = {
      play: start,
      pause: () => audio.pause(),
      seekbackward: () => seek(audio.currentTime - JUMP_S),
      seekforward: () => seek(audio.currentTime + JUMP_S),
      seekto: (to) => seek(to.seekTime),
    };
    for (const [name, act] of Object.entries(actions)) navigator.mediaSession.setActionHandler(name, act);
  }

  /* What went wrong, in words. A browser that can't play m4a gets the mp3. */
  async function failed() {
    if (!now || !audio.getAttribute("src")) return;
    if (!triedMp3 && now.srcMp3) {
      const at = audio.currentTime;
      triedMp3 = true;
      audio.src = now.srcMp3;
      if (at) audio.addEventListener("loadedmetadata", () => seek(at), { once: true });
      start();
      return;
    }
    let status = 0;
    try {
      status = (await fetch(audio.src, { method: "HEAD" })).status;
    } catch {
      /* no connection: status stays 0 */
    }
    say(REASONS[status] || "This file can’t be played here.");
    mark();
  }
  const REASONS = {
    0: "No connection. Press play to go on.",
    401: "You are signed out. Sign in to hear it.",
    403: "You may not hear this.",
    404: "The file is not kept yet.",
  };

  audio.addEventListener("error", failed);
  audio.addEventListener("timeupdate", place);
  audio.addEventListener("durationchange", place);
  for (const name of ["play", "pause", "ended"]) audio.addEventListener(name, mark);
  audio.addEventListener("playing", () => say(""));

  /* For the other scripts of a page. A clip can be played by its id as soon as a button with its data was on a page. */
  window.flowwebPlayer = {
    play(clip, at) {
      document.querySelectorAll("[data-play]").forEach(learn);
      if (!known.has(clip)) return false;
      load(known.get(clip), at);
      return true;
    },
    toggle,
    seek,
    get now() {
      return now && { clip: now.clip, time: audio.currentTime, duration: length(), paused: audio.paused };
    },
  };
  const tell = (name) => now && document.dispatchEvent(new CustomEvent(name, { detail: window.flowwebPlayer.now }));
  for (const name of ["play", "pause", "ended"]) audio.addEventListener(name, () => tell("player:state"));
  for (const name of ["timeupdate", "seeking"]) audio.addEventListener(name, () => tell("player:time"));

  /* In the capture phase: before htmx takes the link for a visit. */
  document.addEventListener(
    "click",
    (event) => {
      const button = event.target.closest("[data-play]");
      if (!button || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      learn(button);
      if (now && now.clip === button.dataset.clip) toggle();
      else load(known.get(button.dataset.clip), 0);
    },
    true,
  );
  id("play").addEventListener("click", toggle);
  id("takes").addEventListener("click", (event) => {
    if (event.target.dataset.take) change(event.target.dataset.take);
  });
  root.querySelectorAll("[data-jump]").forEach((button) => {
    button.addEventListener("click", () => seek(audio.currentTime + Number(button.dataset.jump)));
  });
  id("seek").addEventListener("input", (event) => seek(Number(event.target.value)));
  id("loud").addEventListener("input", (event) => {
    audio.volume = Number(event.target.value);
    audio.muted = audio.volume === 0;
  });
  id("mute").addEventListener("click", () => (audio.muted = !audio.muted));
  audio.addEventListener("volumechange", () => id("mute").setAttribute("aria-pressed", String(audio.muted)));

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !now) return;
    if (event.target.closest("input, textarea, select, [contenteditable], dialog[open]")) return;
    if (event.key === " " && event.target.closest("button, summary")) return; // that presses them
    const acts = { " ": toggle, ArrowLeft: () => seek(audio.currentTime - JUMP_S), ArrowRight: () => seek(audio.currentTime + JUMP_S) };
    acts.x = () => now.other && change(now.other);
    if (!acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  });

  document.addEventListener("htmx:load", mark);
})();
