/*
What comes next. A take played in a container with data-queue (its value: the list's name, may be empty) goes on with the rows
after it; the rows before it are what "previous" leads to. Takes that a person put in come before the rest of a page, and stay
when another list is played.

data-queue-next and data-queue-add are buttons that put a take in, at the front or after those put in before: their value is
the clip's id, or empty for the chosen ones (input[name=clip]:checked). The take has a data-play button on the page.
*/
(function () {
  "use strict";

  const MOST = 300;
  const RESTART_S = 3;
  const REPEATS = { off: "Repeat: off", all: "Repeat: all", one: "Repeat: this take" };
  const player = window.flowwebPlayer;
  const { audio, known } = player;
  const id = (name) => document.getElementById(`player-${name}`);
  const panel = id("next");

  let past = [];
  let next = []; // takes; `added` on those that a person put in
  let repeat = "off";

  /* Going from one to another */
  function around(button) {
    const list = button?.closest("[data-queue]");
    const clip = button && player.clipOf(button);
    const before = new Map();
    const after = new Map();
    let side = before;
    for (const each of list?.querySelectorAll("[data-play]") || []) {
      const { queue: from } = list.dataset;
      if (player.clipOf(each) === clip) side = after;
      else if (!before.has(player.clipOf(each))) side.set(player.clipOf(each), { ...player.read(each), from });
    }
    return { list, before: [...before.values()], after: [...after.values()] };
  }

  function chosen({ take, button }) {
    const { list, before, after } = around(button);
    if (list) {
      take.from = list.dataset.queue;
      past = before;
    } else if (player.take) past.push(player.take);
    next = [...next.filter((each) => each.added && each.clip !== take.clip), ...after];
    changed();
  }

  function forward() {
    if (!next.length && repeat === "all") next = past.splice(0).concat(player.take);
    const take = next.shift();
    if (!take) return;
    if (player.take !== take) past.push(player.take);
    play(take);
  }

  function back() {
    if (audio.currentTime > RESTART_S || !past.length) {
      player.seek(0);
      return;
    }
    next.unshift(player.take);
    play(past.pop());
  }

  function play(take) {
    delete take.added;
    player.load(take);
    changed();
  }

  function over() {
    if (repeat === "one") player.start();
    else forward();
  }

  /* Putting in, moving, taking out */
  function put(takes, first) {
    const clips = new Set(takes.map((take) => take.clip));
    next = next.filter((each) => !clips.has(each.clip));
    const place = first ? 0 : next.filter((each) => each.added).length;
    next.splice(place, 0, ...takes.map((take) => ({ ...take, added: "yes" })));
    if (!player.take) player.load(next.shift(), { paused: true });
    const what = takes.length === 1 ? `${takes[0].title}, take ${takes[0].letter}` : `${takes.length} takes`;
    report(first ? `Plays next: ${what}` : `Plays later: ${what}`);
    changed();
  }

  function report(words) {
    const item = document.createElement("div");
    const text = document.createElement("p");
    Object.assign(text, { className: "text", dir: "auto" });
    text.textContent = words;
    item.append(text);
    document.getElementById("toasts").append(item);
  }

  function asked(button, clip) {
    const clips = clip ? [clip] : [...document.querySelectorAll("input[name=clip]:checked")].map((each) => each.value);
    player.look();
    const takes = clips.map((each) => known.get(each)).filter(Boolean);
    if (takes.length) put(takes, "queueNext" in button.dataset);
    else player.tell("trouble", { words: clips.length ? "The audio is not saved yet." : "Nothing is chosen." });
    const menu = button.closest("details.menu");
    menu?.removeAttribute("open");
    menu?.querySelector("summary").focus();
  }

  const acts = {
    play(at) {
      const [take] = next.splice(at, 1);
      if (player.take) past.push(player.take);
      play(take);
    },
    up: (at) => move(at, at - 1),
    down: (at) => move(at, at + 1),
    remove(at) {
      next.splice(at, 1);
      changed();
    },
  };

  function move(from, to) {
    if (to < 0 || to >= next.length) return;
    next.splice(to, 0, ...next.splice(from, 1));
    changed();
  }

  function press(button) {
    const row = button.closest("li");
    const at = [...row.parentElement.children].indexOf(row);
    const act = button.dataset.do;
    acts[act](at);
    const there = { up: at - 1, down: at + 1, remove: at, play: 0 }[act];
    const rows = id("rows").children;
    const target = rows[Math.max(0, Math.min(there, rows.length - 1))];
    const same = target?.querySelector(`[data-do=${act}]:not(:disabled)`) || target?.querySelector("[data-do=play]");
    (same || id("list")).focus();
  }

  /* What is shown of it */
  function changed() {
    past = past.slice(-MOST);
    next = next.slice(0, MOST);
    const count = id("count");
    count.textContent = next.length > 99 ? "99+" : next.length || "";
    id("list").setAttribute("aria-label", next.length ? `Up next: ${next.length}` : "Up next");
    id("skip").disabled = !player.take || !(next.length || repeat === "all");
    id("clear").hidden = !next.length;
    id("none").hidden = next.length > 0;
    if (panel.matches(":popover-open")) list();
    player.tell("queue");
  }

  function list() {
    id("rows").replaceChildren(...next.map(row));
  }

  function row(take, at) {
    const row = id("row").content.firstElementChild.cloneNode(true);
    const name = `${take.title}, take ${take.letter}`;
    if (take.tone) row.dataset.tone = take.tone;
    row.querySelector(".letter").textContent = take.letter;
    row.querySelector(".letter").classList.toggle("letter-b", take.letter !== "A");
    row.querySelector(".cut").textContent = take.title;
    row.querySelector(".num").textContent = take.duration ? player.clock(Math.round(take.duration)) : "";
    for (const button of row.querySelectorAll("[data-do]")) {
      button.setAttribute("aria-label", `${button.title}: ${name}`);
      if (button.dataset.do === "up") button.disabled = at === 0;
      if (button.dataset.do === "down") button.disabled = at === next.length - 1;
    }
    return row;
  }

  function setRepeat(wanted) {
    repeat = wanted in REPEATS ? wanted : "off";
    const button = id("repeat");
    button.dataset.repeat = repeat;
    button.setAttribute("aria-label", REPEATS[repeat]);
    button.title = `${REPEATS[repeat]} (r)`;
    changed();
  }

  function turnRepeat() {
    const names = Object.keys(REPEATS);
    setRepeat(names[(names.indexOf(repeat) + 1) % names.length]);
    id("said").textContent = REPEATS[repeat];
  }

  Object.assign(player, {
    ...{ forward, back, turnRepeat },
    hasNext: () => next.length > 0,
    toggleList() {
      panel.togglePopover();
      if (panel.matches(":popover-open")) (panel.querySelector("[data-do]") || id("close")).focus();
    },
  });
  player.parts.set("queue", {
    give: () => ({ past, next, repeat }),
    take(saved) {
      const takes = (list) => (Array.isArray(list) ? list.filter((each) => each?.clip) : []);
      past = takes(saved?.past);
      next = takes(saved?.next);
      for (const each of [...past, ...next]) if (!known.has(each.clip)) known.set(each.clip, each);
      setRepeat(saved?.repeat);
    },
  });

  panel.addEventListener("beforetoggle", list);
  id("skip").addEventListener("click", forward);
  id("back").addEventListener("click", back);
  id("repeat").addEventListener("click", turnRepeat);
  id("close").addEventListener("click", () => panel.hidePopover());
  id("clear").addEventListener("click", () => {
    next = [];
    changed();
    id("close").focus();
  });
  id("rows").addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (button) press(button);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-queue-next], [data-queue-add]");
    if (button) asked(button, button.dataset.queueNext || button.dataset.queueAdd);
  });
  audio.addEventListener("ended", over);
  document.addEventListener("player:names", () => {
    for (const take of [...past, ...next]) take.title = known.get(take.clip)?.title || take.title;
  });
  document.addEventListener("player:take", changed);
  document.addEventListener("player:chosen", (event) => chosen(event.detail));
  document.addEventListener("player:changed", (event) => {
    if (next[0]?.clip === event.detail.to.clip && !next[0].added) next.shift();
  });
})();
