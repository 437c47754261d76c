/* What is written in the song form is saved in this browser until it was sent or cleared, per team and person. Each tab has
   its own draft. The newest one of closed tabs is taken up by the next empty form, and no other one after it. */
(function () {
  "use strict";

  const { KEPT_MS, store, read, local, session, names, same, say, lookAtAnswers } = window.flowwebDrafts;
  const REFERENCES = ["refImage", "refAudio"].flatMap((kind) => Array.from({ length: 10 }, (_, index) => `${kind}${index + 1}`));
  const FIELDS = ["prompt", "lyrics", "words", "ghostwriter", "model", "email", "token", "count", ...REFERENCES];
  const BLANK = { ...Object.fromEntries(REFERENCES.map((name) => [name, ""])), prompt: "", lyrics: "", words: "own", ghostwriter: "", model: "", email: "", count: "1" };
  const PREFIX = "flowweb:draft:";
  const SENT = "flowweb:sent";
  const form = () => document.querySelector("form[data-song-draft]");
  const written = (values) => Boolean(values.prompt.trim() || values.lyrics.trim());

  /* This tab's name. A duplicated tab finds its twin's name and the sign that the twin is still open. */
  const twin = read(session, "flowweb:open") ? read(session, "flowweb:tab") : null;
  const tab = (!twin && read(session, "flowweb:tab")) || Math.random().toString(36).slice(2);
  store(session, "flowweb:tab", tab);
  store(session, "flowweb:open", true);
  window.addEventListener("pagehide", () => store(session, "flowweb:open", null));
  window.addEventListener("pageshow", () => store(session, "flowweb:open", true));

  let owner = ""; // team and person of the form that was seen last
  const ofOwner = () => `${PREFIX}${owner}:`;
  const key = () => ofOwner() + tab;
  const aside = () => `${key()}:aside`; // what was written before the form was filled from elsewhere
  const draft = () => read(local, key());
  const taken = () => `flowweb:taken:${owner}`;

  /* Held as long as this tab lives, however it ends: by it the others know that the draft is not abandoned. */
  const held = new Set();
  function hold() {
    if (held.has(key())) return;
    held.add(key());
    navigator.locks?.request(key(), () => new Promise(() => {}));
  }

  /* The newest draft of a tab that is gone. A tab takes up one, and those before it are over: else one after the other
     would come back. */
  async function abandoned() {
    if (read(session, taken())) return null;
    const locks = await navigator.locks?.query();
    const living = [...(locks?.held || []), ...(locks?.pending || [])].map((lock) => lock.name);
    const left = names(ofOwner()).filter((name) => !name.startsWith(key()) && !living.includes(name.replace(/:aside$/, "")));
    const found = left.map((name) => ({ name, ...read(local, name) }));
    const isOld = (each) => !(Date.now() - each.at < KEPT_MS);
    found.filter(isOld).forEach((each) => store(local, each.name, null));
    const [newest, ...earlier] = found.filter((each) => !isOld(each)).sort((one, two) => two.at - one.at);
    if (newest) store(session, taken(), true);
    if (locks) earlier.forEach((each) => store(local, each.name, null));
    return newest;
  }

  function values() {
    const found = {};
    for (const name of FIELDS) if (form().elements[name]) found[name] = form().elements[name].value;
    return found;
  }

  function fill(from) {
    for (const name of FIELDS) {
      const field = form().elements[name];
      if (!field || from[name] === undefined) continue;
      const isKnown = !(field instanceof HTMLSelectElement) || [...field.options].some((option) => option.value === from[name]);
      if (isKnown) field.value = from[name];
    }
    document.dispatchEvent(new CustomEvent("form:filled"));
  }

  function save(more = {}) {
    const now = values();
    if (!written(now)) return store(local, key(), null);
    const { from, fromAt, nonce } = draft() || {};
    store(local, key(), { values: now, at: Date.now(), place: location.search, from, fromAt, nonce, ...more });
    hold();
  }

  /* Sent, or cleared: it never comes back. What this tab took up from another one goes with it, unless it was changed
     there; and so does the same text in a copy of this tab. */
  function drop() {
    const { from, fromAt, values: written } = draft() || {};
    store(local, key(), null);
    if (from && read(local, from)?.at === fromAt) store(local, from, null);
    if (written) names(ofOwner()).filter((name) => same(read(local, name)?.values, written)).forEach((name) => store(local, name, null));
  }

  function when(at) {
    const then = new Date(at);
    const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 86400e3);
    if (days === 0) return then.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
    return days === 1 ? "yesterday" : then.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  }

  /* One that was sent without an answer is still the same form: sent again, it is not paid twice. */
  function restore(found, { loudly }) {
    fill(found.values);
    const { nonce } = form().elements;
    nonce.dataset.fresh ||= nonce.value;
    nonce.value = found.nonce || nonce.dataset.fresh;
    if (loudly) say(`Draft from ${when(found.at)} restored.`, "Start empty", empty);
  }

  function empty() {
    const before = values();
    drop();
    restore({ values: BLANK }, {});
    form().dispatchEvent(new CustomEvent("form:cleared", { bubbles: true }));
    say("The form is empty.", "Undo", () => {
      fill(before);
      save();
      say("");
      form().elements.prompt.focus();
    });
    form().elements.prompt.focus();
  }

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-clear-song]") || !form()) return;
    event.preventDefault();
    event.stopPropagation();
    empty();
  }, true);
  document.addEventListener("form:taken", (event) => {
    if (event.target !== form()) return;
    drop();
    if (!read(local, aside())) say("");
  });

  /* Filled by a preset or an earlier prompt: what was written before is put aside, and can be had back. */
  function putAside(source) {
    const before = draft();
    if (before && FIELDS.some((name) => before.values[name] !== undefined && before.values[name] !== values()[name])) {
      store(local, aside(), before);
    }
    store(local, key(), null);
    const kept = read(local, aside());
    if (!kept) return;
    say(`Filled from ${source}. What you wrote is saved.`, "Restore it", () => {
      const filled = values();
      fill(kept.values);
      save();
      store(local, aside(), null);
      say("Here is what you wrote.", "Undo", () => {
        store(local, aside(), kept);
        fill(filled);
        save();
        putAside(source);
      });
    });
  }

  const reloads = () => ["reload", "back_forward"].includes(performance.getEntriesByType("navigation")[0]?.type);
  let isFirst = true;

  async function start() {
    const loudly = isFirst;
    isFirst = false;
    settle();
    if (!form()) return;
    owner = form().dataset.songDraft;
    const own = draft();
    const source = form().dataset.source;
    // Typed into this very page before it was loaded again: newer than what the page was filled with.
    if (own && own.place === location.search && (!source || (loudly && reloads()))) {
      restore(own, { loudly });
      hold();
    } else if (source) {
      putAside(source);
    } else if (!written(values())) {
      await takeUp(own, loudly);
    }
  }

  async function takeUp(own, loudly) {
    const asideOne = read(local, aside());
    const ours = own || asideOne || (twin && read(local, ofOwner() + twin));
    const other = ours || (await abandoned());
    if (!other?.values || !form() || written(values())) return;
    restore(other, { loudly: loudly || other !== own });
    store(local, aside(), null);
    save({ nonce: other.nonce, ...(other.name ? { from: other.name, fromAt: other.at } : {}) });
  }

  /* Whether the form that was sent last went through: then a page without its errors has come. */
  function settle() {
    const sent = read(session, SENT);
    store(session, SENT, null);
    const refused = form()?.querySelector('[aria-invalid="true"], .wrong') || document.querySelector("#work .notice-heed");
    if (!sent) return;
    owner = sent;
    if (!refused) drop();
    else if (draft()) store(local, key(), { ...draft(), nonce: undefined });
  }

  document.addEventListener("submit", (event) => {
    if (!event.target.dataset.songDraft || event.submitter?.matches("[data-no-pay]")) return;
    store(session, SENT, event.target.dataset.songDraft);
    save({ nonce: event.target.elements.nonce.value });
  });
  lookAtAnswers("form[data-song-draft]", SENT);
  document.addEventListener("input", (event) => {
    if (form()?.contains(event.target)) save();
  });
  document.addEventListener("htmx:load", (event) => {
    if (event.target === document.body || event.target.id === "app" || event.target.querySelector?.("form[data-song-draft]")) start();
  });
})();
