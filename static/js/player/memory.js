/*
What plays is remembered in this browser, for one person in one team (data-who of #app), and shown again at its place: it
sounds when somebody presses play. Signing out forgets it; so does another person who comes in.
*/
(function () {
  "use strict";

  const OURS = "flowweb-player:";
  const SAVE_EVERY_S = 5;
  const player = window.flowwebPlayer;
  const { audio, parts } = player;
  const whoIsHere = () => document.getElementById("app")?.dataset.who || "";
  let who = "";
  let left = false;
  let savedAt = 0;

  /* Storage may be full or forbidden: then nothing is remembered. */
  function stored(act) {
    try {
      return act(window.localStorage);
    } catch {
      return null;
    }
  }

  function forget(unless) {
    stored((storage) => {
      const keys = Object.keys(storage).filter((key) => key.startsWith(OURS) && !(unless && key.startsWith(OURS + unless)));
      keys.forEach((key) => storage.removeItem(key));
    });
  }

  function save() {
    if (!who) return;
    savedAt = audio.currentTime;
    const all = Object.fromEntries([...parts].map(([name, part]) => [name, part.give()]));
    stored((storage) => storage.setItem(OURS + who, JSON.stringify(all)));
  }

  function enter(someone) {
    const saved = stored((storage) => JSON.parse(storage.getItem(OURS + someone))) || {};
    forget(`${someone.split("-")[0]}-`);
    player.look();
    for (const [name, part] of parts) part.take(saved[name]);
    who = someone;
  }

  /* A page of another team has come: what sounds belongs to the one before. */
  function follow() {
    const someone = whoIsHere();
    if (left || !someone || someone === who) return;
    save();
    who = "";
    player.empty();
    enter(someone);
  }

  if (whoIsHere()) enter(whoIsHere());
  document.addEventListener("htmx:load", follow);
  document.addEventListener("submit", (event) => {
    if (event.target.getAttribute("action") !== document.getElementById("player").dataset.leave) return;
    left = true;
    who = "";
    forget();
  });
  for (const name of ["player:take", "player:queue", "player:state"]) document.addEventListener(name, save);
  for (const name of ["ratechange", "volumechange", "seeked"]) audio.addEventListener(name, save);
  audio.addEventListener("timeupdate", () => {
    if (Math.abs(audio.currentTime - savedAt) > SAVE_EVERY_S) save();
  });
  window.addEventListener("pagehide", save);
})();
