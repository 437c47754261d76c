/* The song form, and what the other forms to write in share with it (data-draft): counters, insertions, the structure of
   the lyrics, the price, and one sending. What is written is saved by song-drafts.js and form-drafts.js. */
(function () {
  "use strict";

  const number = new Intl.NumberFormat("en");
  const form = () => document.querySelector("form[data-song-draft]");
  const WRITTEN_IN = "form[data-song-draft], form[data-draft]";

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

  /* Insertions go to the cursor; the new text is selected, so that typing replaces them. */
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
    const after = field.value.slice(field.selectionEnd);
    const parting = /^[\p{L}\p{N}]/u.test(after) ? ", " : /^\s+[\p{L}\p{N}]/u.test(after) ? "," : "";
    field.setRangeText(comma + text + parting, field.selectionStart, field.selectionEnd, "end");
    const end = field.selectionStart - parting.length;
    field.setSelectionRange(end - text.length, end);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /* A song has one tempo, one key, one voice: another choice takes the place of the first. */
  const ONE = { tempo: /\b\d{2,3} ?bpm\b/i, key: /\b[A-G][#b♯♭]? ?(?:major|minor)\b/ };

  function choose(field, button) {
    const list = button.closest("[popover]");
    list.hidePopover();
    const there = list.dataset.one && place(field.value, list);
    if (!there) return insert(field, button.dataset.insert);
    inserted = button.dataset.insert;
    field.focus();
    field.setRangeText(inserted, ...there, "select");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function place(text, list) {
    const words = ONE[list.dataset.one]?.exec(text)?.[0] || [...list.children].map((each) => each.dataset.insert).find((each) => text.includes(each));
    const start = words ? text.indexOf(words) : -1;
    return start < 0 ? null : [start, start + words.length];
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
  function parts(lyrics) {
    const found = [];
    for (const line of lyrics.split("\n")) {
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

  /* The price: what it will cost, what stays, and whether that is enough. The server says the same in _create_strip.html. */
  const strip = () => document.querySelector("[data-strip]");
  const balances = () => document.getElementById("balances");

  /* What pays: the chosen account, else any account of the token. */
  function payer() {
    const { email, token } = form().elements;
    const chosen = email.value ? `[data-account="${CSS.escape(email.value)}"]` : `[data-token="${CSS.escape(token?.value || "")}"]`;
    return (balances().querySelector(chosen) || balances()).dataset;
  }

  /* Nothing is short where no balance is known; what is left may lie on several accounts, too little on each. */
  function missing(songs, cost, { free, most }) {
    return free === "" || most === "" || songs <= Number(most) ? 0 : Math.max(1, cost - Number(free));
  }

  function price() {
    if (!strip() || !form()) return;
    const songs = Math.min(20, Math.max(1, Math.round(Number(form().elements.count.value)) || 1));
    const from = payer();
    const cost = songs * Number(from.price);
    const short = missing(songs, cost, from);
    figures(from, cost, short);
    showPrice(songs, short ? `${credits(short)} short` : `${"exact" in from ? "" : "about "}${credits(cost)}`, short);
    say(songs, short, from.where);
    start(songs, Number(from.slots));
    nearCap(cost);
  }

  /* What a monthly cap leaves, when that is little or less than this costs: as the server says it (cap_words.py). */
  function nearCap(cost) {
    const line = document.querySelector("[data-cap-line]");
    const { capLeft, capLimit, capWords } = balances().dataset;
    line.textContent = capWords || "";
    line.hidden = !capWords || (cost <= Number(capLeft) && Number(capLeft) * 5 > Number(capLimit));
  }
  const credits = (count) => `${number.format(count)} ${count === 1 ? "credit" : "credits"}`;

  function figures({ free, where }, cost, short) {
    const box = strip().querySelector("[data-after-box]");
    strip().querySelector("[data-free-where]").textContent = where;
    strip().querySelector("[data-free-now]").textContent = free === "" ? "not known" : number.format(free);
    box.hidden = free === "";
    box.classList.toggle("is-short", short > 0);
    strip().querySelector("[data-after]").textContent = number.format(Math.max(0, free - cost));
  }

  function showPrice(songs, text, short) {
    const button = strip().querySelector("[data-pay]");
    if (button.classList.contains("is-sending")) return;
    button.classList.toggle("is-short", short > 0);
    button.disabled = short > 0;
    document.querySelector("[data-pay-by-key]").disabled = short > 0;
    const again = "taken" in form().dataset;
    const what = songs > 1 ? ` ${songs} songs` : again ? "" : " song";
    button.querySelector("[data-pay-label]").textContent = `Create${what}${again ? " again" : ""}`;
    button.querySelector("[data-pay-price]").textContent = text;
  }

  function say(songs, short, where) {
    const why = short ? `Not enough credits ${where}. ${songs > 1 ? "Create fewer, choose" : "Choose"} another account, or top up.` : "";
    const told = document.getElementById("pay-why");
    if (told.textContent !== why) told.textContent = why;
    strip().querySelector("[data-promise]").hidden = short > 0;
    strip().querySelector("[data-takes]").textContent = songs === 1 ? "Up to two takes." : `Up to ${songs * 2} takes.`;
  }

  /* When they start, in the words of slots.starts. */
  function start(songs, free) {
    const told = strip().querySelector("[data-starts]");
    if (told) told.textContent = starts(songs, free, Number(balances().dataset.before));
  }

  function starts(songs, free, before) {
    if (before) return `${before === 1 ? "1 is" : `${before} are`} queued before ${songs === 1 ? "it" : "them"}.`;
    const [now, later] = [Math.min(songs, free), Math.max(0, songs - free)];
    if (!now) return songs === 1 ? "Starts when a slot is free." : "They start when slots are free.";
    if (!later) return songs === 1 ? "Starts right away." : `All ${songs} start right away.`;
    return `${now === 1 ? "1 starts" : `${now} start`} right away, ${later === 1 ? "1 waits" : `${later} wait`} for a free slot.`;
  }

  /* What is wrong is said until it is mended. */
  function mended(field) {
    if (field instanceof HTMLTextAreaElement) return (!field.required || field.value.trim()) && [...field.value].length <= Number(field.dataset.limit);
    return field.checkValidity();
  }

  function mend(field) {
    const said = document.getElementById(`id_${field.name}_error`);
    if (!said || !mended(field)) return;
    field.removeAttribute("aria-invalid");
    const others = (field.getAttribute("aria-describedby") || "").split(" ").filter((id) => id !== said.id);
    field.setAttribute("aria-describedby", others.join(" "));
    said.remove();
    if (field.name === "count") withinCap();
    if (!field.form.querySelector(".wrong")) document.querySelector("#work [data-until-mended]")?.remove();
  }

  /* What was said of a cap is over: the count is another one, or the part was sent. */
  function withinCap() {
    document.querySelector("[data-over-cap]")?.replaceChildren();
    document.getElementById("id_count")?.removeAttribute("aria-invalid");
    if (!form()?.querySelector(".wrong")) document.querySelector("#work [data-until-mended]")?.remove();
  }
  document.addEventListener("form:taken", (event) => event.target === form() && withinCap());

  document.addEventListener("input", (event) => {
    if (!event.target.form?.matches(WRITTEN_IN)) return;
    mend(event.target);
    fresh();
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert], [data-section], [data-step]");
    if (!button) return;
    const field = document.getElementById((button.closest("[data-for]") || button).dataset.for);
    if (button.dataset.insert) choose(field, button);
    else if (button.dataset.section) section(field, button.dataset.section);
    else step(field, Number(button.dataset.step));
  });

  /* Sections of a structure: "Verse 1 / Chorus", one after the other. */
  document.addEventListener("click", (event) => {
    const chip = event.target.closest("[data-part]");
    if (!chip) return;
    const field = document.getElementById(chip.closest("[data-for]").dataset.for);
    const before = field.value.trim().replace(/\s*\/$/, "");
    const verses = (before.match(/\bVerse\b/g) || []).length;
    const name = chip.dataset.part === "Verse" ? `Verse ${verses + 1}` : chip.dataset.part;
    field.value = before ? `${before} / ${name}` : name;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });

  function step(field, by) {
    const value = Math.round(Number(field.value)) || 1;
    field.value = Math.min(Number(field.max), Math.max(Number(field.min), value + by));
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /* Also after a draft has filled the form. */
  function fresh() {
    counts();
    shape();
    price();
  }
  document.addEventListener("form:filled", fresh);
  document.addEventListener("htmx:load", (event) => {
    if (event.target === document.body || event.target.id === "app" || event.target.querySelector?.(WRITTEN_IN)) fresh();
  });
})();
