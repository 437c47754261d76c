/* How loud and how fast. A take that is louder than its other one is lowered by its data-gain, so that both can be compared. */
(function () {
  "use strict";

  const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2];
  const player = window.flowwebPlayer;
  const { audio } = player;
  const id = (name) => document.getElementById(`player-${name}`);
  let loud = 1;

  function applyVolume() {
    const gain = Math.min(0, Number(player.take?.gain) || 0);
    audio.volume = loud * 10 ** (gain / 20);
    id("loud").value = loud;
    id("loud").setAttribute("aria-valuetext", `${Math.round(loud * 100)} %`);
  }

  function setVolume(wanted) {
    loud = Number.isFinite(wanted) ? Math.min(1, Math.max(0, wanted)) : 1;
    applyVolume();
  }

  /* Loading sets playbackRate to the default one. */
  function setSpeed(wanted) {
    const speed = SPEEDS.includes(wanted) ? wanted : 1;
    audio.preservesPitch = true;
    audio.defaultPlaybackRate = audio.playbackRate = speed;
    id("speed").value = String(speed);
    id("speed").classList.toggle("is-on", speed !== 1);
  }

  function turnSpeed(by) {
    const at = SPEEDS.indexOf(audio.defaultPlaybackRate) + by;
    setSpeed(SPEEDS[(at + SPEEDS.length) % SPEEDS.length]);
    id("said").textContent = `Speed: ${audio.playbackRate}`;
  }

  const mute = () => (audio.muted = !audio.muted);

  Object.assign(player, { turnSpeed, mute });
  player.parts.set("sound", {
    give: () => ({ loud, muted: audio.muted, speed: audio.defaultPlaybackRate }),
    take(saved) {
      setVolume(saved?.loud);
      setSpeed(saved?.speed);
      audio.muted = saved?.muted === true;
    },
  });

  id("loud").addEventListener("input", (event) => {
    audio.muted = false;
    setVolume(Number(event.target.value));
  });
  id("speed").addEventListener("change", (event) => setSpeed(Number(event.target.value)));
  id("mute").addEventListener("click", mute);
  audio.addEventListener("volumechange", () => id("mute").setAttribute("aria-pressed", String(audio.muted)));
  document.addEventListener("player:take", applyVolume);
})();
