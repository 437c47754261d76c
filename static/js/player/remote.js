/*
A take that isn't saved here yet sounds from Flow Music. If nothing comes from there for some seconds it goes on from here, at
the same second, as soon as it is saved; until then it is said, and Flow Music may still come first.
*/
(function () {
  "use strict";

  const LOOK_EVERY_MS = 1000;
  const SILENT_MS = 6000;
  const player = window.flowwebPlayer;
  const { audio } = player;
  let heardAt = 0; // when something last came, or moved on
  let looking = 0;
  let isSaid = false;

  const waits = () => player.isRemote && !audio.paused && audio.readyState < HTMLMediaElement.HAVE_FUTURE_DATA;

  async function look() {
    const take = player.take;
    if (!waits() || performance.now() - heardAt < SILENT_MS) return;
    heardAt = performance.now();
    const saved = await player.lookUp(take);
    if (take !== player.take || !waits()) return;
    if (player.playSaved(saved) || !saved?.coming || isSaid) return;
    isSaid = true;
    player.tell("trouble", { words: player.waiting() });
  }

  function follow() {
    clearInterval(looking);
    heardAt = performance.now();
    if (player.isRemote) looking = setInterval(look, LOOK_EVERY_MS);
  }

  for (const name of ["progress", "timeupdate", "play"]) audio.addEventListener(name, () => (heardAt = performance.now()));
  audio.addEventListener("loadstart", follow);
  for (const name of ["loadstart", "playing"]) audio.addEventListener(name, () => (isSaid = false));
})();
