/* What is written in a form with data-draft stays in this browser until it was sent and taken: a closed tab, a lost
   connection or a click elsewhere loses nothing. data-draft names whose form of what it is, data-draft-version the
   version that it began from. The song form has a draft in each tab: song-drafts.js, on top of window.flowwebDrafts. */
(function () {
  "use strict";

  const PREFIX = "flowweb:kept:"; // an old name, under which drafts wait in browsers
  const SENT = "flowweb:kept-sent";
  const EARLIER = { keepers: "favourites" }; // fields by names that older drafts know
  const KEPT_MS = 30 * 86400e3;
  const key = (form) => `${PREFIX}${form.dataset.draft}:${form.dataset.draftVersion || ""}`;

  /* Storage may be full or forbidden; then nothing is kept. */
  function store(place, name, value) {
    try {
      if (value === null) place().removeItem(name);
      else place().setItem(name, JSON.stringify(value));
    } catch {
      return;
    }
  }
  function read(place, name) {
    try {
      return JSON.parse(place().getItem(name));
    } catch {
      return null;
    }
  }
  const local = () => localStorage;
  const session = () => sessionStorage;
  function names(prefix) {
    try {
      return Object.keys(localStorage).filter((name) => name.startsWith(prefix));
    } catch {
      return [];
    }
  }

  const fields = (form) => [...form.elements].filter((each) => each.matches("textarea, select, input:not([type=hidden], [type=password])"));
  const said = (field) => (field.matches("[type=checkbox], [type=radio]") ? field.checked : field.value);
  const values = (form) => fields(form).map((field) => [field.name, said(field)]);
  const same = (one, two) => JSON.stringify(one) === JSON.stringify(two);
  const fresh = new WeakMap(); // by form: what the server put into it

  function fill(form, kept) {
    const rows = new Map();
    for (const [name] of kept) rows.set(name, (rows.get(name) || 0) + 1);
    for (const [name, count] of rows) grow(form, name, count);
    const left = fields(form);
    for (const [name, value] of kept) {
      const place = left.findIndex((field) => field.name === name);
      if (place < 0) continue;
      const [field] = left.splice(place, 1);
      if (typeof value === "boolean") field.checked = value;
      else if (!(field instanceof HTMLSelectElement) || [...field.options].some((option) => option.value === value)) field.value = value;
    }
    document.dispatchEvent(new CustomEvent("form:filled"));
  }

  /* Rows that were added by hand come back by the same button. */
  function grow(form, name, count) {
    const there = () => fields(form).filter((field) => field.name === name).length;
    const button = form.querySelector(`[data-add-row="${name}"]`);
    for (let more = count - there(); button && more > 0; more -= 1) button.click();
  }

  function save(form) {
    const now = values(form);
    const { nonce } = read(local, key(form)) || {};
    store(local, key(form), same(now, fresh.get(form)) ? null : { at: Date.now(), values: now, nonce });
  }

  function start() {
    settle();
    document.querySelectorAll("form[data-draft]").forEach((form) => {
      if (fresh.has(form)) return;
      fresh.set(form, values(form));
      // Refused, it comes back as it was typed: left now, it is a draft like any other.
      if ("refused" in form.dataset) return store(local, key(form), { at: Date.now(), values: values(form) });
      const kept = read(local, key(form));
      if (!kept) return;
      kept.values = kept.values.map(([name, value]) => [EARLIER[name] || name, value]);
      if (Date.now() - kept.at > KEPT_MS || (same(kept.values, fresh.get(form)) && !kept.nonce)) store(local, key(form), null);
      else restore(form, kept);
    });
  }

  /* One that was sent without an answer is still the same form: sent again, it asks for nothing twice. */
  function restore(form, kept) {
    const before = fresh.get(form);
    const { nonce } = form.elements;
    const own = nonce?.value;
    if (nonce && kept.nonce) nonce.value = kept.nonce;
    fill(form, kept.values);
    say("What you wrote and did not send is restored.", "Discard draft", () => {
      if (nonce) nonce.value = own;
      fill(form, before);
      store(local, key(form), null);
      say("", "Undo", () => {
        fill(form, kept.values);
        save(form);
        say("");
      });
    });
  }

  /* The line beside the title: what happened, and the way back. */
  function say(text, label, act) {
    const line = document.querySelector("[data-draft-line]");
    if (!line) return;
    line.replaceChildren(text ? `${text} ` : "");
    if (!label) return;
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "btn btn-soft btn-sm", textContent: label, onclick: act });
    line.append(button);
  }

  /* Whether the form that was sent last was taken: then a page without its errors has come. */
  function settle() {
    const sent = read(session, SENT);
    if (!sent) return;
    store(session, SENT, null);
    const isRefused = document.querySelector('#work [aria-invalid="true"], #work .wrong, #work .notice-heed[role="alert"]');
    const kept = isRefused && read(local, sent);
    store(local, sent, kept ? { ...kept, nonce: undefined } : null);
  }

  function send(form) {
    store(session, SENT, key(form));
    store(local, key(form), { at: Date.now(), values: values(form), nonce: form.elements.nonce?.value });
  }
  document.addEventListener("submit", (event) => {
    if (event.target.dataset.draft && !event.submitter?.hasAttribute("data-add-row")) send(event.target);
    if (event.target.getAttribute("action") === document.getElementById("player")?.dataset.leave) forget();
  });

  /* Only a page of the studio says that it was taken: not an error, not the sign-in page. */
  function lookAtAnswers(forms, sent) {
    document.addEventListener("htmx:afterRequest", (event) => {
      const { xhr, requestConfig } = event.detail;
      if (requestConfig.elt.matches(forms) && !(xhr.status === 200 && xhr.responseText.includes('<div id="app"'))) store(session, sent, null);
    });
  }
  lookAtAnswers("form[data-draft]", SENT);

  /* Signing out forgets what was written in this browser, by whomever. */
  function forget() {
    for (const prefix of [PREFIX, "flowweb:draft:"]) for (const name of names(prefix)) store(local, name, null);
  }

  for (const name of ["input", "change"]) {
    document.addEventListener(name, (event) => {
      const { form } = event.target;
      if (form?.dataset.draft && fresh.has(form)) save(form);
    });
  }
  document.addEventListener("htmx:load", (event) => {
    if (event.target === document.body || event.target.id === "app" || event.target.querySelector?.("form[data-draft]")) start();
  });

  window.flowwebDrafts = { KEPT_MS, store, read, local, session, names, same, say, lookAtAnswers };
})();
