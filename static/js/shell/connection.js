/* A quiet bar at the top while the page hears nothing of the studio: signed out, offline, or somebody else's by now. What
   is typed on the page stays. The panel's poll finds out; by itself the bar goes when the poll is answered again. */
(function () {
  "use strict";

  const AGAIN_MS = 5000; // while something is wrong the panel asks this often, whatever it shows
  const SIGNED_OUT_MS = 15000; // whoever signs in comes back to the page, and then it asks at once
  const bar = document.getElementById("connection");
  if (!bar) return;
  const text = bar.querySelector("[data-text]");
  const link = bar.querySelector("a");
  let state = ""; // "", signed-out, offline, silent, other
  let since = null;
  let asked = 0;
  let isForeign = false; // what the panel was answered is somebody else's
  let token = null; // of the session that began beside this page

  const panel = () => document.getElementById("panel");
  const here = () => location.pathname + location.search;
  const at = (moment) => `${moment.getHours()}:${String(moment.getMinutes()).padStart(2, "0")}`;

  const SAYS = {
    "signed-out": () => ({ words: "Signed out. What you typed is still here.", label: "Sign in", href: `${bar.dataset.signIn}?next=${encodeURIComponent(here())}`, blank: true }),
    offline: () => ({ words: `Offline since ${at(since)}. What you typed is still here.` }),
    silent: () => ({ words: `The studio has not answered since ${at(since)}. What you typed is still here.` }),
    other: () => ({ words: "In this browser somebody else is signed in now, or another team is open.", label: "Reload", href: here() }),
  };

  function say(next) {
    if (next === state) return;
    const before = state;
    state = next;
    document.documentElement.toggleAttribute("data-cut-off", Boolean(next));
    if (!next) {
      bar.hidden = true;
      return;
    }
    if (!before || before === "signed-out") since = new Date();
    const said = SAYS[next]();
    text.textContent = said.words;
    link.hidden = !said.label;
    link.textContent = said.label || "";
    if (said.href) link.href = said.href;
    if (said.blank) link.target = "_blank"; // the page with what is typed stays open behind it
    else link.removeAttribute("target");
    bar.hidden = false;
  }

  /* Whose panel it was, and in which team: the version's second part. */
  const whose = (version) => (version || "").split("-")[1];

  document.addEventListener("htmx:configRequest", (event) => {
    if (event.target === panel() && state === "signed-out") event.detail.path = `${event.detail.path.split("?")[0]}?renew=1`;
  });

  /* In the capture phase: of what isn't theirs, the others hear nothing. */
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { requestConfig, serverResponse, xhr } = event.detail;
    if (requestConfig.elt.id !== "panel") return;
    const found = xhr.status === 200 && /data-version="([^"]*)"/.exec(serverResponse);
    const before = whose(panel()?.dataset.version);
    isForeign = Boolean(found && before && whose(found[1]) !== before);
    if (!isForeign) return;
    event.preventDefault();
    event.stopPropagation();
  }, true);

  document.addEventListener("htmx:afterRequest", (event) => {
    const { xhr, requestConfig } = event.detail;
    if (xhr.status === 401) say("signed-out");
    if (requestConfig.elt.id !== "panel" || xhr.status === 401) return;
    if (xhr.status === 0) say("offline");
    else if (xhr.status >= 500) say("silent");
    else if (isForeign) say("other");
    else goOn();
  });

  /* The token of the session before is in every form of the page. */
  function goOn() {
    if (token) document.querySelectorAll("input[name=csrfmiddlewaretoken]").forEach((field) => (field.value = token));
    token = null;
    say("");
  }

  window.addEventListener("offline", () => say("offline"));
  window.addEventListener("online", ask);

  /* A form whose answer was the sign-in page: app.js leaves what is typed there, and says so here. */
  document.addEventListener("signed-out", () => say("signed-out"));

  document.addEventListener("signed-in", (event) => (token = event.detail.value));

  function ask() {
    if (!panel() || document.hidden) return;
    asked = Date.now();
    htmx.trigger(panel(), "tick");
  }

  setInterval(() => {
    if (state && Date.now() - asked >= (state === "signed-out" ? SIGNED_OUT_MS : AGAIN_MS)) ask();
  }, 1000);
})();
