/* One tab sounds at a time: where a take or the mixer begins to play, the other tabs pause theirs. */
(function () {
  "use strict";

  const tabs = new BroadcastChannel("flowweb-playing");
  const player = window.flowwebPlayer;
  const tell = () => tabs.postMessage("");

  tabs.addEventListener("message", () => {
    player.audio.pause();
    window.flowwebMixer.mix?.pause();
  });
  player.audio.addEventListener("play", tell);
  document.addEventListener("mixer:play", tell);
})();
