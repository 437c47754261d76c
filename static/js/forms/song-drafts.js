/* What is written in the song form is saved in this browser until it was sent or cleared, per team and person. Each tab has
   its own draft. The newest one of closed tabs is taken up by the next empty form, and no other one after it. */
(function () {
  "use strict";

  const { store, read, local, session, tab, twin, hold, abandoned, drop, say, lookAtAnswers } = window.flowwebDrafts;
  const REFERENCES = ["refImage", "refAudio"].flatMap((kind) => Array.from({ length: 10 }, (_, index) => `${kind}${index + 1}`));
  const FIELDS = ["prompt", "lyrics", "words", "ghostwriter", "model", "email", "token", "count", ...REFERENCES];
  const BLANK = { ...Object.fromEntries(REFERENCES.map((name) => [name, ""])), prompt: "", lyrics: "", words: "own", ghostwriter: "", model: "", email: "", count: "1" };
  const PREFIX = "flowweb:draft:";
  const SENT = "flowweb:sent";
  const form = () => document.querySelector("form[data-song-draft]");
  const written = (values) => Boolean(values.prompt.trim() || values.lyrics.trim());

  let owner = ""; // team and person of the form that was seen last
  const ofOwner = () => `${PREFIX}${owner}:`;
  const key = () => ofOwner() + tab;
  const aside = () => `${key()}:aside`; // what was written before the form was filled from elsewhere
  const draft = () => read(local, key());

  function values() {
    const found = {};
    for (const name of FIELDS) if (form().elements[name]) found[name] = form().elements[name].value;
    return found;
  }

  function fill(from) {
    for (const name of FIELDS) {
      const field = form().elements[name];
      if (!field || from[name] === undefined || (name === "token" && field.type === "hidden")) continue;
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
    hold(key());
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
    const { nonce } = draft() || {};
    drop(key());
    restore({ values: BLANK }, {});
    form().dispatchEvent(new CustomEvent("form:cleared", { bubbles: true }));
    say("The form is empty.", "Undo", () => {
      restore({ values: before, nonce }, {});
      save({ nonce });
      say("");
      form().elements.prompt.focus();
    });
    form().elements.prompt.focus();
  }

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-clear=song]") || !form()) return;
    event.preventDefault();
    event.stopPropagation();
    empty();
  }, true);
  document.addEventListener("form:taken", (event) => {
    if (event.target !== form()) return;
    drop(key());
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
      restore(kept, {});
      save({ nonce: kept.nonce });
      store(local, aside(), null);
      say("Here is what you wrote.", "Undo", () => {
        store(local, aside(), kept);
        restore({ values: filled }, {});
        save({ nonce: undefined });
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
      hold(key());
    } else if (source) {
      putAside(source);
    } else if (!written(values())) {
      await takeUp(own, loudly);
    }
  }

  async function takeUp(own, loudly) {
    const asideOne = read(local, aside());
    const ours = own || asideOne || (twin && read(local, ofOwner() + twin));
    const other = ours || (await abandoned(ofOwner()));
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
    if (!refused) drop(key());
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
