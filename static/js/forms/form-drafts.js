/* What is written in a form with data-draft stays in this browser until it was sent or cleared: a closed tab, a lost
   connection or a click elsewhere loses nothing. data-draft names whose form of what it is, data-draft-version the version
   that it began from. Each tab has a draft of its own; the newest one of closed tabs is taken up by the next fresh form, and
   no other one after it. The song form is song-drafts.js, on top of window.flowwebDrafts. */
(function () {
  "use strict";

  const PREFIX = "flowweb:kept:"; // an old name, under which drafts wait in browsers
  const SENT = "flowweb:kept-sent";
  const EARLIER = { keepers: "favourites" }; // fields by names that older drafts know
  const KEPT_MS = 30 * 86400e3;
  const nameOf = (form) => `${PREFIX}${form.dataset.draft}:${form.dataset.draftVersion || ""}`;
  const key = (form) => `${nameOf(form)}:${tab}`;

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

  /* This tab's name. A duplicated tab finds its twin's name and the sign that the twin is still open. */
  const twin = read(session, "flowweb:open") ? read(session, "flowweb:tab") : null;
  const tab = (!twin && read(session, "flowweb:tab")) || Math.random().toString(36).slice(2);
  store(session, "flowweb:tab", tab);
  store(session, "flowweb:open", true);
  window.addEventListener("pagehide", () => store(session, "flowweb:open", null));
  window.addEventListener("pageshow", () => store(session, "flowweb:open", true));

  /* Held as long as this tab lives, however it ends: by it the others know that the draft is not abandoned. */
  const held = new Set();
  function hold(name) {
    if (held.has(name)) return;
    held.add(name);
    navigator.locks?.request(name, () => new Promise(() => {}));
  }

  /* The newest draft of a tab that is gone, by what the names of that form's drafts begin with. A tab takes up one, and those
     before it are over: else one after the other would come back. */
  async function abandoned(prefix) {
    const mark = `flowweb:taken:${prefix}`;
    if (read(session, mark)) return null;
    const locks = await navigator.locks?.query();
    const living = [...(locks?.held || []), ...(locks?.pending || [])].map((lock) => lock.name);
    // Drafts of before had no tab in their names.
    const all = [...names(prefix), ...names(prefix.slice(0, -1)).filter((name) => name === prefix.slice(0, -1))];
    const left = all.filter((name) => !name.startsWith(prefix + tab) && !living.includes(name.replace(/:aside$/, "")));
    const found = left.map((name) => ({ name, ...read(local, name) }));
    const isOld = (each) => !(Date.now() - each.at < KEPT_MS);
    found.filter(isOld).forEach((each) => store(local, each.name, null));
    const [newest, ...earlier] = found.filter((each) => !isOld(each)).sort((one, two) => two.at - one.at);
    if (newest) store(session, mark, true);
    if (locks) earlier.forEach((each) => store(local, each.name, null));
    return newest;
  }

  /* Sent, or cleared: it never comes back. What this tab took up from another one goes with it, unless it was changed there;
     and so does the same text in a copy of this tab. */
  function drop(name) {
    const { from, fromAt, values: written } = read(local, name) || {};
    store(local, name, null);
    if (from && read(local, from)?.at === fromAt) store(local, from, null);
    const copies = names(name.slice(0, name.lastIndexOf(":") + 1));
    if (written) copies.filter((each) => same(read(local, each)?.values, written)).forEach((each) => store(local, each, null));
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
    const { nonce, from, fromAt } = read(local, key(form)) || {};
    store(local, key(form), same(now, fresh.get(form)) ? null : { at: Date.now(), values: now, nonce, from, fromAt });
    hold(key(form));
  }

  function start() {
    settle();
    document.querySelectorAll("form[data-draft]").forEach((form) => {
      if (fresh.has(form)) return;
      fresh.set(form, values(form));
      // Refused, it comes back as it was typed: left now, it is a draft like any other.
      if ("refused" in form.dataset) return store(local, key(form), { at: Date.now(), values: values(form) });
      const kept = read(local, key(form));
      if (kept) bring(form, kept);
      else takeUp(form);
    });
  }

  async function takeUp(form) {
    const ours = twin && read(local, `${nameOf(form)}:${twin}`);
    const kept = ours || (await abandoned(`${nameOf(form)}:`));
    if (!kept || !form.isConnected || !same(values(form), fresh.get(form))) return;
    store(local, key(form), { ...kept, ...(kept.name ? { from: kept.name, fromAt: kept.at } : {}) });
    bring(form, kept);
  }

  function bring(form, kept) {
    hold(key(form));
    kept.values = kept.values.map(([name, value]) => [EARLIER[name] || name, value]);
    if (Date.now() - kept.at > KEPT_MS || (same(kept.values, fresh.get(form)) && !kept.nonce)) drop(key(form));
    else restore(form, kept);
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
      drop(key(form));
      offerBack(form, kept, "");
    });
  }

  function offerBack(form, kept, text) {
    say(text, "Undo", () => {
      if (kept.nonce) form.elements.nonce.value = kept.nonce;
      store(local, key(form), kept);
      fill(form, kept.values);
      save(form);
      say("");
    });
  }

  /* A button beside the form ([data-clear], its id) empties it; data-blank is what stands or is ticked in an empty one. */
  document.addEventListener("submit", (event) => {
    const form = document.getElementById(event.target.dataset.clear);
    if (!form?.dataset.draft) return;
    event.preventDefault();
    event.stopPropagation();
    const kept = { at: Date.now(), values: values(form), nonce: read(local, key(form))?.nonce };
    fill(form, fields(form).map((field) => [field.name, blank(field)]));
    drop(key(form));
    form.dispatchEvent(new CustomEvent("form:cleared", { bubbles: true }));
    offerBack(form, kept, "The form is empty.");
    fields(form)[0].focus();
  }, true);

  function blank(field) {
    if (field.matches("[type=checkbox], [type=radio]")) return "blank" in field.dataset;
    return field instanceof HTMLSelectElement ? field.options[0].value : field.dataset.blank || "";
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
    if (kept) store(local, sent, { ...kept, nonce: undefined });
    else drop(sent);
  }

  function send(form) {
    store(session, SENT, key(form));
    const { from, fromAt } = read(local, key(form)) || {};
    store(local, key(form), { at: Date.now(), values: values(form), nonce: form.elements.nonce?.value, from, fromAt });
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

  window.flowwebDrafts = { store, read, local, session, names, tab, twin, hold, abandoned, drop, say, lookAtAnswers };
})();
