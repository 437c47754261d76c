/* References of the song form: what is chosen stands in the numbered fields (refImage1 …), the boxes show it. Only those of
   one account go together, and the song runs there. */
(function () {
  "use strict";

  const MOST = 10;
  const KINDS = { refImage: ["image", "images"], refAudio: ["audio file", "audio files"] };
  const place = () => document.querySelector("[data-references]");
  const form = () => place()?.closest("form");
  const boxes = (kind) => [...place().querySelectorAll(`[data-kind${kind ? `="${kind}"` : ""}]`)];
  const slots = (kind) => Array.from({ length: MOST }, (_, index) => form().elements[`${kind}${index + 1}`]);
  const chosen = (kind) => slots(kind).map((slot) => slot.value).filter(Boolean);
  const write = (kind, values) => slots(kind).forEach((slot, index) => (slot.value = values[index] || ""));
  const home = (box) => box.closest("[data-on]");
  const short = (email) => `${email.split("@")[0]}@`;
  const reached = (box) => [...form().elements.email.options].some((option) => option.value && option.value === home(box).dataset.on);

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
    if (where) email.value = where;
    show();
  }

  const taken = () => Object.keys(KINDS).flatMap((kind) => chosen(kind).map((value) => boxes(kind).find((box) => box.value === value)));

  /* Where the first chosen one is. That of a teammate settles nothing: no song of yours can run there. */
  function account() {
    const first = taken().find((box) => box && reached(box));
    return first ? home(first).dataset.on : "";
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
    const elsewhere = !reached(box) || (where && home(box).dataset.on !== where);
    box.disabled = !box.checked && (elsewhere || values.length >= MOST);
    home(box).classList.toggle("is-off", box.disabled);
    offer(box, elsewhere, where || form().elements.email.value);
  }

  /* Where nothing is settled the server knows where it would go, and had named it. */
  function offer(box, elsewhere, to) {
    const send = home(box).querySelector("button.reference-send");
    if (!send) return;
    const same = to && place().querySelector(`[data-on="${CSS.escape(to)}"][data-content="${home(box).dataset.content}"]`);
    send.hidden = !elsewhere || Boolean(same);
    const target = send.querySelector("[data-target]");
    target.dataset.usual ||= target.textContent;
    target.textContent = to ? short(to) : target.dataset.usual;
  }

  function say(where) {
    const line = place().querySelector("[data-references-said]");
    const { email } = form().elements;
    const stray = taken().find((box) => !reached(box));
    const clash = where && email.value && email.value !== where;
    line.classList.toggle("heed", Boolean(clash || stray));
    const said = counted();
    let words = `${said}, so it is created on ${short(where)}`;
    if (!said) words = "none";
    else if (stray) words = `${said}. ${named(stray)}, which is under none of your API tokens: send it to yours, or remove it`;
    else if (clash) words = `${said} on ${short(where)}: choose it under Account, or remove them`;
    if (line.textContent !== words) line.textContent = words;
  }

  function counted() {
    const counts = Object.entries(KINDS).map(([kind, words]) => [chosen(kind).length, words]).filter(([count]) => count);
    return counts.map(([count, [one, more]]) => `${count} ${count === 1 ? one : more}`).join(", ");
  }

  const named = (box) => `${home(box).querySelector(".strong").title} is on ${home(box).dataset.short}`;

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
    const email = account() || form().elements.email.value;
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
