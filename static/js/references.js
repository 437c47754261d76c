/* References of the song form: what is chosen stands in the numbered fields (refImage1 …), the boxes show it. Only those of
   one account go together, and the song runs there. */
(function () {
  "use strict";

  const MOST = 10;
  const KINDS = { refImage: ["picture", "pictures"], refAudio: ["audio file", "audio files"] };
  const place = () => document.querySelector("[data-references]");
  const form = () => place()?.closest("form");
  const boxes = (kind) => [...place().querySelectorAll(`[data-kind${kind ? `="${kind}"` : ""}]`)];
  const slots = (kind) => Array.from({ length: MOST }, (_, index) => form().elements[`${kind}${index + 1}`]);
  const chosen = (kind) => slots(kind).map((slot) => slot.value).filter(Boolean);
  const write = (kind, values) => slots(kind).forEach((slot, index) => (slot.value = values[index] || ""));
  const home = (box) => box.closest("[data-on]");

  /* A page of the server says it by its boxes; from then on the fields are what is sent. */
  function begin() {
    if (!place()) return;
    boxes().forEach((box) => box.removeAttribute("name"));
    for (const kind of Object.keys(KINDS)) {
      if (!chosen(kind).length) write(kind, boxes(kind).filter((box) => box.checked).map((box) => box.value).slice(0, MOST));
    }
    show();
  }

  function choose(box) {
    const { kind } = box.dataset;
    const others = chosen(kind).filter((value) => value !== box.value);
    write(kind, box.checked ? [...others, box.value] : others);
    const where = account();
    const { email } = form().elements;
    if (where && email.value !== where.dataset.on && [...email.options].some((option) => option.value === where.dataset.on)) {
      email.value = where.dataset.on;
    }
    show();
  }

  /* Where the first chosen one is. */
  function account() {
    const first = Object.keys(KINDS).flatMap((kind) => chosen(kind).map((value) => boxes(kind).find((box) => box.value === value)))[0];
    return first ? home(first) : null;
  }

  function show() {
    for (const kind of Object.keys(KINDS)) {
      const there = boxes(kind).map((box) => box.value);
      write(kind, chosen(kind).filter((value) => there.includes(value)));
    }
    const where = account();
    for (const box of boxes()) fit(box, where);
    say(where);
  }

  function fit(box, where) {
    const values = chosen(box.dataset.kind);
    box.checked = values.includes(box.value);
    const { email } = form().elements;
    const usable = [...email.options].some((option) => option.value === home(box).dataset.on);
    const elsewhere = !usable || (where && home(box).dataset.on !== where.dataset.on);
    box.disabled = !box.checked && (elsewhere || values.length >= MOST);
    home(box).classList.toggle("is-off", box.disabled);
    const send = home(box).querySelector("button.reference-send");
    if (!send) return;
    const same = where && place().querySelector(`[data-on="${CSS.escape(where.dataset.on)}"][data-content="${home(box).dataset.content}"]`);
    send.hidden = !elsewhere || Boolean(same);
    if (where) send.querySelector("[data-target]").textContent = where.dataset.short;
  }

  function say(where) {
    const counts = Object.entries(KINDS).map(([kind, words]) => [chosen(kind).length, words]).filter(([count]) => count);
    const said = counts.map(([count, [one, more]]) => `${count} ${count === 1 ? one : more}`).join(", ");
    const line = place().querySelector("[data-references-said]");
    const { email } = form().elements;
    const clash = where && email.value && email.value !== where.dataset.on;
    line.classList.toggle("heed", Boolean(clash));
    const words = !said ? "none" : clash ? `${said} on ${where.dataset.short}: choose it under Runs on, or take them off` : `${said}, so it runs on ${where.dataset.short}`;
    if (line.textContent !== words) line.textContent = words;
  }

  /* In the capture phase: the draft and the price are of the form as it is then. */
  document.addEventListener(
    "input",
    (event) => {
      if (!place() || !form().contains(event.target)) return;
      if (event.target.matches("[data-kind]")) choose(event.target);
      else if (event.target.name === "email") show();
    },
    true,
  );

  /* A file that was sent has arrived, or one is gone. */
  async function renew() {
    const list = document.getElementById("references-list");
    if (!list || list.contains(document.activeElement)) return;
    const email = account()?.dataset.on || form().elements.email.value;
    const reply = await fetch(`${place().dataset.offered}?${new URLSearchParams({ email })}`).catch(() => null);
    if (!reply?.ok) return;
    const fresh = new DOMParser().parseFromString(await reply.text(), "text/html").getElementById("references-list");
    if (!fresh || !list.isConnected || fresh.dataset.version === list.dataset.version) return;
    const adopted = document.adoptNode(fresh);
    list.replaceWith(adopted);
    adopted.querySelectorAll("[data-kind]").forEach((box) => box.removeAttribute("name"));
    show();
  }

  document.addEventListener("panel-changed", (event) => {
    if (event.target.id === "references-list") renew();
  });
  document.addEventListener("form:filled", () => place() && show());
  document.addEventListener("htmx:load", (event) => {
    if (event.target === document.body || event.target.id === "app") begin();
  });
})();
