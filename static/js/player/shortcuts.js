/* The player by the keyboard, by the media keys, and from the lock screen of a phone. */
(function () {
  "use strict";

  const JUMP_S = 5;
  const FAR_S = 15;
  const player = window.flowwebPlayer;
  const { audio } = player;
  const by = (seconds) => player.seek(audio.currentTime + seconds);

  const KEYS = {
    " ": player.toggle,
    ArrowLeft: (event) => by(event.shiftKey ? -FAR_S : -JUMP_S),
    ArrowRight: (event) => by(event.shiftKey ? FAR_S : JUMP_S),
    ",": () => player.back(),
    ".": () => player.forward(),
    x: () => player.change(player.take.other),
  };
  const ALWAYS = {
    m: () => player.mute(),
    s: () => player.turnSpeed(1),
    S: () => player.turnSpeed(-1),
    r: () => player.turnRepeat(),
    q: () => player.toggleList(),
  };
  const WRITES = "input:not([type=range], [type=checkbox], [type=radio]), textarea, select, [contenteditable], dialog[open], details.menu[open]";
  const ARROWS = "input:not(#player-seek), [role=slider], [role=radiogroup], [role=listbox], [role=menu], [role=tablist]";

  /* Keys that the focused element needs itself. */
  function taken(event) {
    if (event.key === " ") return event.target.closest("button, summary, input:not([type=range])");
    return event.key.startsWith("Arrow") && event.target.closest(ARROWS);
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest(WRITES) || taken(event)) return;
    const key = window.flowwebShortcut(event);
    const act = ALWAYS[key] || (player.take && KEYS[key]);
    if (!act) return;
    event.preventDefault();
    act(event);
  });

  if (!("mediaSession" in navigator)) return;
  const session = navigator.mediaSession;
  const actions = {
    play: player.start,
    pause: () => audio.pause(),
    stop: () => audio.pause(),
    previoustrack: () => player.back(),
    nexttrack: () => player.forward(),
    seekbackward: (how) => by(-(how.seekOffset || JUMP_S)),
    seekforward: (how) => by(how.seekOffset || JUMP_S),
    seekto: (how) => player.seek(how.seekTime),
  };
  for (const [name, act] of Object.entries(actions)) {
    try {
      session.setActionHandler(name, act);
    } catch {
      /* An older browser doesn't know all of them. */
    }
  }

  document.addEventListener("player:take", () => {
    const take = player.take;
    const artwork = take?.cover ? [{ src: new URL(take.cover, location.href).href }] : [];
    session.metadata = take
      ? new MediaMetadata({ title: take.title, artist: `Take ${take.letter}`, album: take.from || "", artwork })
      : null;
  });

  function tellPlace() {
    const duration = player.length();
    if (!player.take || !duration || !session.setPositionState) return;
    const position = Math.min(audio.currentTime, duration);
    session.setPositionState({ duration, position, playbackRate: audio.playbackRate });
  }
  for (const name of ["durationchange", "seeked", "ratechange", "playing"]) audio.addEventListener(name, tellPlace);
  document.addEventListener("player:state", () => {
    session.playbackState = !player.take ? "none" : audio.paused ? "paused" : "playing";
  });
})();
