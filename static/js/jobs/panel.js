/* The live panel: one poll for the whole page, clocks that run between the polls, and news of finished songs. */
(function () {
  "use strict";

  const FAST_MS = 3000;
  const SLOW_MS = 30000;
  const MOST_HELD = 5; // ticks that wait while a button of a card is under the pointer

  let asked = Date.now();
  let held = 0;
  let skew = 0; // the server's clock less ours, in ms
  let known = null; // the figures of the newest panel
  let before = null; // what the panel showed before this swap

  const panel = () => document.getElementById("panel");

  function due() {
    const live = panel();
    if (!live || document.hidden || document.querySelector(".job.is-dragged")) return false;
    if ("cutOff" in document.documentElement.dataset) return false; // then connection.js asks
    const moves = live.dataset.active !== "0" || document.querySelector("[data-live][data-busy]");
    if (Date.now() - asked < (moves ? FAST_MS : SLOW_MS)) return false;
    if (document.querySelector(".job-actions :hover") && held < MOST_HELD) {
      held += 1;
      return false;
    }
    return true;
  }

  function tick() {
    asked = Date.now();
    held = 0;
    htmx.trigger(panel(), "tick");
  }

  /* Clocks and bars */
  const clock = (s) => {
    const rest = String(s % 60).padStart(2, "0");
    return s < 3600 ? `${Math.floor(s / 60)}:${rest}` : `${Math.floor(s / 3600)}:${String(Math.floor(s / 60) % 60).padStart(2, "0")}:${rest}`;
  };

  function run() {
    const now = (Date.now() + skew) / 1000;
    document.querySelectorAll("[data-since]").forEach((each) => {
      const elapsed = Math.max(0, Math.floor(now - Number(each.dataset.since)));
      if (each.tagName !== "PROGRESS") {
        each.textContent = clock(elapsed);
        return;
      }
      each.value = Math.min(elapsed, each.max);
      each.classList.toggle("is-long", elapsed > each.max);
    });
  }

  setInterval(() => {
    run();
    if (due()) tick();
  }, 1000);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && panel()) tick();
  });

  /* The version is read when the question is sent: of a bare panel it changes without a swap. */
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.target !== panel() || !panel().dataset.version) return;
    event.detail.path = `${event.detail.path.split("?")[0]}?v=${panel().dataset.version}`;
  });

  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.requestConfig.elt.id !== "panel") return; // the element itself may be gone by now
    const date = Date.parse(event.detail.xhr.getResponseHeader("Date") || "");
    if (date) skew = Math.abs(date - Date.now()) > 2000 ? date - Date.now() : 0;
  });

  /* Where the page shows the jobs itself, the answer only says that there is something new. */
  document.addEventListener("htmx:beforeSwap", (event) => {
    const live = panel();
    if (event.detail.target !== live) return;
    before = { version: live.dataset.version, top: document.getElementById("panel-scroll")?.scrollTop || 0 };
    before.states = states(live);
    before.isOpen = live.classList.contains("is-open");
    if (!("bare" in live.dataset) || !event.detail.shouldSwap) return;
    event.detail.shouldSwap = false;
    const answer = new DOMParser().parseFromString(event.detail.serverResponse, "text/html").getElementById("panel");
    if (!answer) return;
    for (const name of ["version", "active", "running", "needs"]) live.dataset[name] = answer.dataset[name];
    count();
    answer.ownerDocument.querySelectorAll("[hx-swap-oob]").forEach(renew);
    if (before.version !== live.dataset.version) refresh();
  });

  const states = (live) => new Map([...live.querySelectorAll("[data-job]")].map((job) => [job.dataset.job, job.dataset.state]));

  function refresh() {
    document.querySelectorAll("[data-live]").forEach((each) => htmx.trigger(each, "panel-changed"));
  }

  document.addEventListener("htmx:load", (event) => {
    run();
    count();
    if (event.target.id !== "panel" || !before) return;
    const live = panel();
    const place = document.getElementById("panel-scroll");
    if (place) place.scrollTop = before.top;
    live.classList.toggle("is-open", before.isOpen);
    if (before.version) {
      compare(live, before.states);
      refresh();
    }
    before = null;
  });

  function compare(live, earlier) {
    live.querySelectorAll("[data-job]").forEach((job) => {
      const was = earlier.get(job.dataset.job);
      if (was === undefined) job.classList.add("is-new");
      else if (was !== "completed" && job.dataset.state === "completed") announce(job);
    });
  }

  /* A page that doesn't bring the panel shows what the page before it knew. */
  function count() {
    if (panel()?.dataset.version) known = { ...panel().dataset };
    if (!known) return;
    show("[data-running-now]", known.running);
    show("[data-needs-now]", known.needs);
  }

  function show(badges, number) {
    document.querySelectorAll(badges).forEach((each) => {
      each.querySelector("[data-figure]").textContent = number;
      each.hidden = !Number(number);
    });
  }

  /* What an answer brings besides the panel; where the panel is swapped, htmx does this. */
  function renew(part) {
    part.removeAttribute("hx-swap-oob");
    document.getElementById(part.id)?.replaceWith(part);
  }

  /* News of a finished song: its cover, its title, its takes to play. */
  function announce(job) {
    const item = document.createElement("div");
    item.className = "toast-item";
    if (job.dataset.tone) item.dataset.tone = job.dataset.tone;
    const cover = job.querySelector(".job-square img");
    if (cover) item.append(cover.cloneNode());
    const text = document.createElement("span");
    Object.assign(text, { className: "text", dir: "auto" });
    text.textContent = `${job.querySelector(".job-title").textContent.trim()} is ready`;
    item.append(text, ...[...job.querySelectorAll("[data-play]")].map(short));
    document.getElementById("toasts").append(item);
  }

  function short(play) {
    const copy = play.cloneNode(true);
    copy.lastChild.textContent = ` ${play.dataset.letter}`;
    copy.setAttribute("aria-label", `Play take ${play.dataset.letter}`);
    return copy;
  }

  /* Folding: kept as the person left it where there is room for both, else it opens over the work for a moment. */
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-panel-toggle]")) fold();
    else if (!event.target.closest("#panel, dialog")) panel()?.classList.remove("is-open");
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") panel()?.classList.remove("is-open");
  });

  function fold() {
    const live = panel();
    const narrow = window.matchMedia("(max-width: 1199.98px)").matches;
    if (narrow || document.querySelector("#work[data-rail]")) {
      live.classList.toggle("is-open");
    } else {
      const root = document.documentElement;
      if (root.dataset.panel === "rail") delete root.dataset.panel;
      else root.dataset.panel = "rail";
      try {
        localStorage.setItem("panel", root.dataset.panel || "");
      } catch {
        /* Storage may be forbidden; it is then open again on the next visit. */
      }
    }
    [...live.querySelectorAll("[data-panel-toggle]")].find((button) => button.offsetParent)?.focus();
  }
})();
