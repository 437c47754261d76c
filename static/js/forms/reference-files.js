/* Reference files: each chosen or dropped file is sent by itself as the body of a request, with a bar; the cards below
   follow their jobs. Without this script the same form sends them together. */
(function () {
  "use strict";

  const form = () => document.querySelector("form[data-drop]");
  const MB = 1024 * 1024;
  const CROWDED = 503; // others are sending: it is the next one's turn soon
  const AGAIN_MS = 3000;
  const MOST_TIMES = 40; // two minutes: whoever looks away for longer decides anew
  const waiting = [];
  const missed = new Set(); // lines of what went wrong while another page was shown
  let sending = null;

  const who = () => document.getElementById("app")?.dataset.who;
  const asked = ({ email, stripMetadata } = form().elements) => ({ email: email.value, strip: stripMetadata.checked, who: who() });

  function take(files) {
    const { dataset } = form();
    for (const file of files) {
      const line = listed(file);
      const most = Number(file.type.startsWith("image/") ? dataset.mostImage : dataset.mostAudio);
      if (file.size > most) wrong(line, `This is larger than ${most / MB} MB, the most that Flow Music takes.`);
      else if (!file.size) wrong(line, "This file is empty.");
      else waiting.push({ file, line, nonce: nonce(), times: 0, ...asked() });
    }
    next();
  }

  function nonce() {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
  }

  function listed(file) {
    const line = document.createElement("li");
    const name = document.createElement("span");
    const said = document.createElement("span");
    const bar = document.createElement("progress");
    Object.assign(name, { className: "cut strong", dir: "auto", textContent: file.name });
    Object.assign(said, { className: "said", textContent: "Waiting" });
    Object.assign(bar, { className: "bar", max: file.size || 1, value: 0 });
    bar.setAttribute("aria-label", `Sending ${file.name}`);
    line.append(name, said, bar);
    form().querySelector("[data-sending]").append(line);
    return line;
  }

  const say = (line, words) => (line.querySelector(".said").textContent = words);

  function wrong(line, words, one) {
    line.classList.add("is-wrong");
    line.querySelector("progress")?.remove();
    say(line, words);
    if (!line.isConnected) missed.add(line);
    if (!one) return;
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "btn btn-soft btn-sm", textContent: "Retry" });
    button.addEventListener("click", () => again(one));
    line.append(button);
  }

  /* By what the form says now: perhaps the account was what was wrong. To the same one it is the same request, of which the
     answer may have been lost. */
  function again(one) {
    const now = asked();
    one.line.remove();
    waiting.push({ ...one, ...now, nonce: now.email === one.email ? one.nonce : nonce(), times: 0, line: listed(one.file) });
    next();
  }

  /* Another page may have been shown meanwhile: what waits is seen again, and goes on. */
  function resume() {
    if (!form()) return;
    const kept = [sending, ...waiting].filter((one) => one && here(one)).map((one) => one.line);
    form().querySelector("[data-sending]").append(...missed, ...kept);
    missed.clear();
    next();
  }

  /* After a change of team a file would go to people whom it was not meant for. */
  const here = (one) => one.who === who();

  /* One after the other: the connection is shared anyway, and the first one is there sooner. */
  function next() {
    const one = form() && waiting.find(here);
    if (sending || !one) return;
    sending = one;
    waiting.splice(waiting.indexOf(one), 1);
    const { file, line } = one;
    const fields = new URLSearchParams({ email: one.email, stripMetadata: one.strip, nonce: one.nonce, name: file.name });
    const request = new XMLHttpRequest();
    request.open("POST", form().action);
    request.setRequestHeader("X-Fields", fields.toString()); // not in the address: that is written down on the way
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-CSRFToken", form().elements.csrfmiddlewaretoken.value);
    request.upload.addEventListener("progress", (event) => {
      line.querySelector("progress").value = event.loaded;
      say(line, event.loaded < file.size ? `${Math.floor((100 * event.loaded) / file.size)} %` : "Being checked");
    });
    request.addEventListener("load", () => {
      const found = answer(request);
      if (found && request.status === CROWDED && ++one.times < MOST_TIMES) later(one);
      else done(one, found);
    });
    request.addEventListener("error", () => done(one, null));
    request.send(file);
  }

  function later(one) {
    say(one.line, "Waiting for others");
    setTimeout(() => {
      sending = null;
      waiting.unshift(one);
      next();
    }, AGAIN_MS);
  }

  /* Our own words, or null: a server in front of ours has a 503 of its own, that may last. */
  function answer(request) {
    try {
      const found = JSON.parse(request.responseText);
      return found?.words ? found : null;
    } catch {
      return null;
    }
  }

  function done(one, found) {
    sending = null;
    if (!found) wrong(one.line, "It did not arrive here.", one);
    else if (!found.ok) wrong(one.line, found.words, found.again && one);
    else arrived(one.line, found.words);
    renew();
    if (document.getElementById("panel")) htmx.trigger("#panel", "tick");
    next();
  }

  function arrived(line, words) {
    line.querySelector("progress").remove();
    say(line, words);
    setTimeout(() => line.remove(), 8000);
  }

  /* The cards: only those that changed are replaced, and none that sounds or has its menu open. */
  async function renew() {
    const place = document.querySelector("[data-files]");
    if (!place) return;
    const reply = await fetch(location.pathname + location.search, { headers: { Accept: "text/html" } }).catch(() => null);
    if (!reply?.ok) return;
    const fresh = new DOMParser().parseFromString(await reply.text(), "text/html").querySelector("[data-files]");
    if (!fresh || !place.isConnected) return;
    const ids = (within) => [...within.querySelectorAll("[data-file]")].map((card) => card.id).join();
    if (ids(fresh) === ids(place)) place.querySelectorAll("[data-file]").forEach((card) => swap(card, fresh.querySelector(`#${card.id}`)));
    else if (!busy(place)) put(place, fresh);
  }

  const busy = (within) => within.querySelector("[data-preview-file].is-on, details[open]") || within.contains(document.activeElement);

  function swap(card, fresh) {
    if (card.dataset.version !== fresh.dataset.version && !busy(card)) put(card, fresh);
  }

  function put(old, fresh) {
    const adopted = document.adoptNode(fresh);
    old.replaceWith(adopted);
    htmx.process(adopted);
  }

  document.addEventListener("htmx:load", (event) => {
    if (event.target === document.body || event.target.id === "app") resume();
  });
  window.addEventListener("beforeunload", (event) => (sending || waiting.length) && event.preventDefault());

  document.addEventListener("change", (event) => {
    if (!event.target.matches("form[data-drop] input[type=file]")) return;
    take([...event.target.files]);
    event.target.value = "";
  });

  /* Anywhere on the page: a file that is dropped beside the frame must not take the page's place. */
  const carriesFiles = (event) => form() && [...(event.dataTransfer?.types || [])].includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    form().classList.add("is-over");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) form()?.classList.remove("is-over");
  });
  document.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    form().classList.remove("is-over");
    take([...event.dataTransfer.files]);
  });

  /* Hearing one: a single sound for the page, and never together with the player's. Without this it is a link. */
  const sound = new Audio();
  const player = () => document.getElementById("player-audio");
  const sounding = () => document.querySelector("[data-preview-file].is-on");
  const bar = (button) => button.closest("[data-file]").querySelector(".file-heard");

  function preview(button) {
    const same = button === sounding();
    still();
    if (same) return;
    player()?.pause();
    button.classList.add("is-on");
    button.setAttribute("aria-label", `Stop ${button.dataset.previewFile}`);
    bar(button).hidden = false;
    sound.src = button.href;
    sound.play().catch(still);
  }

  function still() {
    sound.pause();
    const button = sounding();
    if (!button) return;
    button.classList.remove("is-on");
    button.setAttribute("aria-label", `Preview ${button.dataset.previewFile}`);
    bar(button).hidden = true;
  }

  sound.addEventListener("ended", still);
  sound.addEventListener("timeupdate", () => {
    const button = sounding();
    if (button) bar(button).value = sound.currentTime / (sound.duration || 1);
  });
  document.addEventListener("play", (event) => event.target === player() && still(), true);
  document.addEventListener("htmx:load", () => !sounding() && sound.pause());
  /* Before htmx makes a visit of the link. */
  document.addEventListener(
    "click",
    (event) => {
      const button = event.target.closest?.("[data-preview-file]");
      if (!button) return;
      event.preventDefault();
      event.stopPropagation();
      preview(button);
    },
    true,
  );

  document.addEventListener("panel-changed", (event) => {
    if (event.target.matches("[data-files]")) renew();
  });
})();
