/* The song form: counters, insertions, the shape of the words, the price, one sending, and a draft that is never lost. */
(function () {
  "use strict";

  const number = new Intl.NumberFormat("en");
  const form = () => document.querySelector("form[data-draft]");

  /* Counters: a line break counts once, as the server counts. */
  function counts() {
    document.querySelectorAll("textarea[data-count]").forEach((field) => {
      const counter = document.getElementById(field.dataset.count);
      const used = [...field.value].length;
      const limit = Number(field.dataset.limit);
      counter.textContent = used > Number(field.dataset.countFrom || 0) ? `${number.format(used)} of ${number.format(limit)}` : "";
      counter.classList.toggle("is-over", used > limit);
    });
  }

  /* Insertions go to the cursor; the new words are selected, so that typing replaces them. */
  let inserted = "";

  function insert(field, text) {
    field.focus();
    // What the chip before has written is selected, to be typed over; another chip adds to it.
    if (inserted && field.value.slice(field.selectionStart, field.selectionEnd) === inserted) {
      field.setSelectionRange(field.selectionEnd, field.selectionEnd);
    }
    inserted = text;
    const before = field.value.slice(0, field.selectionStart);
    const comma = /\S\s*$/.test(before) && !/[,.;:]\s*$/.test(before) ? ", " : /\s$|^$/.test(before) ? "" : " ";
    field.setRangeText(comma + text, field.selectionStart, field.selectionEnd, "end");
    field.setSelectionRange(field.selectionStart - text.length, field.selectionStart);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function section(field, name) {
    field.focus();
    const before = field.value.slice(0, field.selectionStart).replace(/\s+$/, "");
    const told = name === "Verse" ? `Verse ${(field.value.match(/^\[Verse\b/gim) || []).length + 1}` : name;
    const text = `${before ? "\n\n" : ""}[${told}]\n`;
    field.setRangeText(text, before.length, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /* The shape: one part per [Section], as wide as its lines are many. */
  function parts(words) {
    const found = [];
    for (const line of words.split("\n")) {
      const name = /^\s*\[([^\]]{1,30})\]\s*$/.exec(line);
      if (name) found.push({ name: name[1], lines: 0 });
      else if (line.trim() && found.length) found.at(-1).lines += 1;
    }
    return found;
  }

  function shape() {
    document.querySelectorAll("textarea[data-shape]").forEach((field) => {
      const strip = document.getElementById(field.dataset.shape);
      const found = parts(field.value);
      strip.hidden = !found.length;
      strip.replaceChildren(
        ...found.map((part) => {
          const item = document.createElement("li");
          item.className = `size-${Math.min(4, Math.max(1, Math.ceil(part.lines / 2)))}`;
          item.classList.toggle("is-chorus", /chorus|hook|refrain/i.test(part.name) && !/pre/i.test(part.name));
          item.textContent = part.name.replace(/^Pre-?chorus$/i, "Pre");
          item.title = part.name;
          return item;
        }),
      );
    });
  }

  /* The price: what it will cost, what stays, and whether that is enough. */
  function price() {
    const strip = document.querySelector("[data-price]");
    if (!strip || !form()) return;
    const songs = Math.min(20, Math.max(1, Math.round(Number(form().elements.count.value)) || 1));
    const cost = songs * Number(strip.dataset.price);
    const account = form().elements.email?.selectedOptions[0];
    const free = account?.dataset.credits || (account?.value ? "" : strip.dataset.credits);
    const where = strip.querySelector("[data-free-where]");
    if (where) where.textContent = account?.value ? `on ${account.dataset.short}` : "on all accounts";
    strip.querySelector("[data-takes]").textContent = songs === 1 ? "Up to two takes." : `Up to ${songs * 2} takes.`;
    figures(strip, free, cost);
    offer(strip, songs, cost, free === "" || free === undefined ? 0 : Math.max(0, cost - Number(free)));
  }

  function figures(strip, free, cost) {
    const known = free !== "" && free !== undefined;
    const box = strip.querySelector("[data-after-box]");
    if (!box) return;
    strip.querySelector("[data-free]").textContent = known ? number.format(free) : "not known";
    box.hidden = !known;
    if (!known) return;
    box.classList.toggle("is-short", free < cost);
    strip.querySelector("[data-after]").textContent = number.format(Math.max(0, free - cost));
  }

  function offer(strip, songs, cost, short) {
    const button = strip.querySelector("[data-pay]");
    if (button.classList.contains("is-sending")) return;
    button.disabled = short > 0;
    button.querySelector("[data-pay-label]").textContent = `Make ${songs} ${songs === 1 ? "song" : "songs"}`;
    button.querySelector("[data-pay-price]").textContent = short ? `${number.format(short)} credits short` : `about ${number.format(cost)} credits`;
    const why = short ? "There are not enough credits for this. Make fewer songs, or choose another account." : "";
    const told = document.getElementById("pay-why");
    if (told.textContent !== why) told.textContent = why;
  }

  /* Sending: once, and visibly so. */
  const payButton = (sender) => sender.querySelector("[data-pay]") || document.querySelector(`[data-pay][form="${sender.id}"]`);

  document.addEventListener("submit", (event) => {
    const button = payButton(event.target);
    if (!button) return;
    const label = button.querySelector("[data-pay-label]");
    button.dataset.label = label.textContent;
    const spinner = document.createElement("span");
    spinner.className = "spinner";
    label.replaceChildren(spinner, "Sending once");
    button.classList.add("is-sending");
    button.disabled = true;
    if (event.target.dataset.draft) store("sent", "1");
  });

  function rest(button) {
    if (!button?.classList.contains("is-sending")) return;
    button.classList.remove("is-sending");
    button.disabled = false;
    button.querySelector("[data-pay-label]").textContent = button.dataset.label;
  }
  for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
    document.addEventListener(name, (event) => {
      if (event.target.matches?.("form")) rest(payButton(event.target));
    });
  }
  /* Only a page of the studio says that it went through: not an error, not the sign-in page. */
  document.addEventListener("htmx:afterRequest", (event) => {
    const { xhr, requestConfig } = event.detail;
    if (requestConfig.elt.dataset.draft && !(xhr.status === 200 && xhr.responseText.includes('<div id="app"'))) drop("sent");
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) document.querySelectorAll(".is-sending").forEach(rest);
  });

  /* The draft: kept in this tab until the form went through. */
  const FIELDS = ["prompt", "lyrics", "words", "ghostwriter", "model", "email", "count"];
  const key = (name) => `flowweb:create:${name}`;

  function store(name, text) {
    try {
      sessionStorage.setItem(key(name), text);
    } catch {
      /* Storage may be full or forbidden; then there is no draft. */
    }
  }
  function read(name) {
    try {
      return sessionStorage.getItem(key(name));
    } catch {
      return null;
    }
  }
  function drop(name) {
    try {
      sessionStorage.removeItem(key(name));
    } catch {
      /* as above */
    }
  }

  function keep() {
    const values = {};
    for (const name of FIELDS) if (form().elements[name]) values[name] = form().elements[name].value;
    store("draft", JSON.stringify(values));
  }

  /* A form that comes from the server with words in it (an error, "change the words") is newer than the draft. */
  function restore() {
    const wasSent = read("sent");
    drop("sent");
    const refused = form()?.querySelector('[aria-invalid="true"]') || document.querySelector("#work .notice-heed");
    if (wasSent && !refused) drop("draft");
    if (!form() || form().elements.prompt.value || form().elements.lyrics.value) return;
    const values = JSON.parse(read("draft") || "{}");
    for (const name of FIELDS) {
      const field = form().elements[name];
      if (!field || values[name] === undefined) continue;
      const isKnown = !(field instanceof HTMLSelectElement) || [...field.options].some((option) => option.value === values[name]);
      if (isKnown) field.value = values[name];
    }
  }

  document.addEventListener("input", (event) => {
    if (!form()?.contains(event.target)) return;
    keep();
    counts();
    shape();
    price();
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert], [data-section], [data-step]");
    if (!button) return;
    const field = document.getElementById((button.closest("[data-for]") || button).dataset.for);
    if (button.dataset.insert) insert(field, button.dataset.insert);
    else if (button.dataset.section) section(field, button.dataset.section);
    else step(field, Number(button.dataset.step));
  });

  function step(field, by) {
    const value = Math.round(Number(field.value)) || 1;
    field.value = Math.min(Number(field.max), Math.max(Number(field.min), value + by));
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function start() {
    restore();
    counts();
    shape();
    price();
  }
  document.addEventListener("htmx:load", (event) => {
    if (event.target === document.body || event.target.id === "app" || event.target.querySelector?.("form[data-draft]")) start();
  });
})();
