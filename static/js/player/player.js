/*
The one player: what sounds. An element with data-play says what it plays:
  href (the mp3, or the m4a if there is no other), data-remote (set: it isn't saved yet, so that it leads to Flow Music), data-clip,
  data-title, data-letter, data-tone, data-duration, data-other (the clip id of the other take), data-gain (dB, at most 0; else 0)
What it doesn't say, its row says: the next [data-clip] around it, and around that its [data-song], where the other play button is the
other take. Below the take's own page, which is the folder of href, are data-src (the m4a; else audio.m4a), data-cover (else
thumb.webp), peaks.json (its waveform) and sound.json, which says what is saved of it.

window.flowwebPlayer is for the scripts of a page: play(clip, at), change(clip) to the other take, toggle(), seek(s) and
now → {clip, time, duration, paused}, null while nothing is loaded. On document it tells player:state and player:time with
the same detail, player:take when another take is loaded or none, or it has another name.

The rest of it is for its own parts, the scripts beside this one: what it shows, what comes next, how loud and fast, keys, and what
is remembered (a part that has something to remember gives it to `parts`).
*/
(function () {
  "use strict";

  const audio = document.getElementById("player-audio");
  const known = new Map(); // clip id → what its play button said
  const parts = new Map(); // name → { give, take }
  const LOOK_AGAIN_MS = 3000;
  let now = null; // the take that is loaded
  let isRemote = false; // what is loaded may come from Flow Music
  let broken = []; // addresses of this site that this browser can't play
  let wanted = false; // to sound: an error pauses it, but not because somebody wants it
  let lost = null; // what an error broke off: { status }, which is 202 while more of it is to come

  const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s) % 60).padStart(2, "0")}`;
  const playsM4a = () => audio.canPlayType('audio/mp4; codecs="mp4a.40.2"') !== "";
  const length = () => (Number.isFinite(audio.duration) ? audio.duration : Number(now?.duration) || 0);

  function tell(name, detail) {
    document.dispatchEvent(new CustomEvent(`player:${name}`, { detail: detail || state() }));
  }

  function state() {
    return now && { clip: now.clip, time: audio.currentTime, duration: length(), paused: audio.paused };
  }

  /* What a play button says, with addresses that lead there from any page. */
  function read(button) {
    const page = new URL(".", button.href).pathname;
    const file = new URL(button.href).pathname;
    const below = (name) => name && page + name;
    const { title, tone } = button.closest("[data-song]")?.dataset || {};
    const rows = { title, tone, other: otherOf(button), ...button.closest("[data-clip]").dataset };
    const { src = "audio.m4a", cover = "thumb.webp", ...said } = { ...rows, ...button.dataset };
    const addresses = { page, src: below(src), cover: below(cover), peaks: below("peaks.json") };
    return { ...said, ...addresses, srcMp3: file.endsWith(".mp3") ? file : "" };
  }

  const clipOf = (element) => element.closest("[data-clip]")?.dataset.clip;

  function otherOf(button) {
    const buttons = button.closest("[data-song]")?.querySelectorAll("[data-play]") || [];
    const other = [...buttons].find((each) => each !== button);
    return other && clipOf(other);
  }

  function learn(button) {
    known.set(clipOf(button), read(button));
  }

  function look() {
    document.querySelectorAll("[data-play]").forEach(learn);
  }

  /* A name that a song was given meanwhile reaches what sounds, and what comes next. */
  function renamed() {
    const before = [...known].map(([clip, said]) => [clip, said.title]);
    look();
    if (before.every(([clip, title]) => known.get(clip).title === title)) return;
    if (now) now.title = known.get(now.clip)?.title || now.title;
    tell("names");
    tell("take");
  }
  document.addEventListener("htmx:load", renamed);

  function load(take, { at = 0, paused = false } = {}) {
    now = take;
    lost = null;
    broken = [];
    audio.preload = paused ? "none" : "metadata";
    const isMp3 = !take.src || !playsM4a();
    open(isMp3 ? take.srcMp3 || take.src : take.src, at);
    isRemote = Boolean(take.remote);
    tell("take");
    tell("time");
    if (!paused) start();
  }

  /* Before its data has come, an <audio> takes currentTime for the place to begin at. */
  function open(address, at = audio.currentTime) {
    isRemote = false;
    audio.src = address;
    audio.currentTime = at;
  }

  function empty() {
    now = lost = null;
    audio.removeAttribute("src");
    audio.load();
    tell("take");
    tell("state");
  }

  function start() {
    if (!now) return;
    if (lost) resume();
    audio.play().catch((error) => {
      if (error.name === "NotAllowedError") tell("trouble", { words: "Press play to start." });
    });
  }

  /* After an error the element has to load once more. */
  function resume() {
    lost = null;
    const was = isRemote;
    open(audio.getAttribute("src"));
    isRemote = was;
  }

  function toggle() {
    if (audio.paused || lost) start();
    else audio.pause();
  }

  function seek(to) {
    if (!now) return;
    audio.currentTime = Math.min(Math.max(0, to), Math.max(0, length() - 0.2));
    tell("time");
  }

  /* A person wants to hear this one: the queue hears where it stands. */
  function choose(clip, { at, button }) {
    look();
    if (button) learn(button);
    const take = known.get(clip);
    if (!take) return false;
    if (now?.clip === clip) {
      if (at !== undefined) seek(at);
      start();
      return true;
    }
    tell("chosen", { take, button: button || playing(clip) });
    load(take, { at });
    return true;
  }

  function playing(clip) {
    return [...document.querySelectorAll("[data-play]")].find((button) => clipOf(button) === clip);
  }

  /* The other take at the same second. */
  function change(clip) {
    look();
    const take = known.get(clip);
    if (!now || !take || take.clip === now.clip) return;
    tell("changed", { from: now, to: take });
    load(take, { at: audio.currentTime, paused: audio.paused });
  }

  /* What this site has of the take by now: { status, src, srcMp3, coming }, null without a connection. */
  async function lookUp(take) {
    const answer = await fetch(`${take.page}sound.json`).catch(() => null);
    return answer && { status: answer.status, ...(answer.ok && (await answer.json().catch(() => null))) };
  }

  /* What is saved goes on at the same second; until something is, it is looked for again. */
  async function failed() {
    const take = now;
    const address = audio.getAttribute("src");
    if (!take || !address) return;
    const saved = await lookUp(take);
    if (take !== now || address !== audio.getAttribute("src")) return;
    if (!isRemote && [saved?.src, saved?.srcMp3].includes(address)) broken.push(address);
    if (playSaved(saved)) return;
    const said = lost?.words;
    lost = { status: saved?.coming ? 202 : saved?.status || 0, words: reason(saved) };
    audio.pause();
    if (lost.words !== said) tell("trouble", { words: lost.words });
    if (lost.status === 202) setTimeout(() => take === now && lost?.status === 202 && failed(), LOOK_AGAIN_MS);
  }

  /* The m4a first; in a browser that can't play that, the mp3. False: there is nothing that hasn't been tried. */
  function playSaved(saved) {
    const address = [playsM4a() && saved?.src, saved?.srcMp3].find((each) => each && !broken.includes(each));
    if (!address) return false;
    Object.assign(now, { src: saved.src, srcMp3: saved.srcMp3, remote: "" });
    lost = null;
    open(address);
    if (wanted) start();
    return true;
  }

  function reason(saved) {
    if (!saved) return "No connection. Playing will continue from here.";
    if (saved.status === 401) return "You are signed out. Sign in to play it.";
    if (saved.status === 403) return "You don’t have access to this.";
    if (saved.coming) return waiting();
    if (saved.status !== 404) return "This file can’t be played here.";
    return window.flowwebPlayer.hasNext() ? "This take was deleted. Continue with the next one." : "This take was deleted.";
  }

  function waiting() {
    return isRemote ? "Flow Music doesn’t deliver it. It plays once saved." : "Not saved yet. It plays once it is.";
  }

  window.flowwebPlayer = {
    play: (clip, at) => choose(clip, { at }),
    toggle,
    seek,
    get now() {
      return state();
    },
    ...{ audio, known, parts, clock, length, clipOf, read, look, load, empty, start, change, tell, lookUp, playSaved, waiting },
    get isRemote() {
      return isRemote && !lost;
    },
    get take() {
      return now;
    },
    hasNext: () => false,
  };

  parts.set("take", {
    give: () => now && { now, other: known.get(now.other), at: audio.currentTime },
    take(saved) {
      for (const take of [saved?.other, saved?.now]) if (take?.clip && !known.has(take.clip)) known.set(take.clip, take);
      if (saved?.now?.clip) load(known.get(saved.now.clip), { at: Number(saved.at) || 0, paused: true });
    },
  });

  audio.addEventListener("error", failed);
  for (const name of ["play", "pause", "ended", "emptied"]) audio.addEventListener(name, () => tell("state"));
  audio.addEventListener("play", () => (wanted = true));
  audio.addEventListener("pause", () => (wanted = wanted && audio.error !== null));
  for (const name of ["timeupdate", "durationchange"]) audio.addEventListener(name, () => tell("time"));
  window.addEventListener("online", () => {
    if (lost?.status === 0 && wanted) start();
  });

  /* In the capture phase: before htmx takes the link for a visit. */
  document.addEventListener(
    "click",
    (event) => {
      const button = event.target.closest("[data-play]");
      if (!button || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      if (now?.clip === clipOf(button)) toggle();
      else choose(clipOf(button), { button });
    },
    true,
  );
})();
