/* Visits: every link and form is boosted, only #app changes, the player outside goes on sounding. */
(function () {
  "use strict";

  const WHOLE_PAGE = /<div id="app"/;
  const UNBOOSTED = "a[download], a[data-play], a[data-ask], a[data-menu], a[target]";
  const scrolled = new Map();
  const here = () => location.pathname + location.search;
  const signIn = () => document.getElementById("connection").dataset.signIn;
  const scroller = () => document.querySelector(".work-scroll");

  document.addEventListener("htmx:beforeProcessNode", (event) => {
    if (event.target.matches?.(UNBOOSTED)) event.target.setAttribute("hx-boost", "false");
  });

  /* The button that was pressed says where its form goes; by itself htmx asks only those that stand inside the form. */
  let pressed = null;
  document.addEventListener("submit", (event) => (pressed = event.submitter), true);
  document.addEventListener("htmx:configRequest", (event) => {
    const form = event.detail.elt;
    if (!pressed || pressed.form !== form || form.hasAttribute("hx-post")) return;
    event.detail.path = pressed.getAttribute("formaction") || form.getAttribute("action") || event.detail.path;
  });

  /* Forms of the panel have no CSRF token of their own, because it is rendered once for many: the page's goes with them. */
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb === "get") return;
    const token = document.querySelector("#app input[name=csrfmiddlewaretoken][value]:not([value=''])");
    if (token) event.detail.headers["X-CSRFToken"] = token.value;
  });

  /* Whatever asked for it, a whole page takes the place of the page; an answer without one never ends in the shell. */
  document.addEventListener("htmx:beforeSwap", (event) => {
    const detail = event.detail;
    const asker = detail.requestConfig.elt;
    if (asker.matches("#panel, [data-live]")) {
      detail.shouldSwap = detail.xhr.status === 200;
    } else if (WHOLE_PAGE.test(detail.serverResponse)) {
      visit(detail);
    } else if (/<html/i.test(detail.serverResponse)) {
      leave(detail);
    }
  });

  function visit(detail) {
    Object.assign(detail, { shouldSwap: true, isError: false, target: document.getElementById("app") });
    Object.assign(detail, { selectOverride: "#app", swapOverride: "outerHTML show:none" });
    remember();
  }

  /* The sign-in page is left for, but not from a form that was filled in; an error page is shown where the work is, so
     that the song goes on. */
  function leave(detail) {
    if (detail.xhr.status < 400) {
      detail.shouldSwap = false;
      if (detail.requestConfig.verb !== "get" && new URL(detail.xhr.responseURL).pathname === signIn()) {
        detail.requestConfig.elt.dispatchEvent(new CustomEvent("signed-out", { bubbles: true }));
        return;
      }
      location.assign(detail.xhr.responseURL);
      return;
    }
    Object.assign(detail, { shouldSwap: true, isError: false, target: document.getElementById("work") });
    Object.assign(detail, { selectOverride: "#work > .card", swapOverride: "innerHTML show:none" });
  }

  /* A bare panel must not be kept for a page that shows the panel. */
  function remember() {
    const place = scroller();
    if (place) scrolled.set(here(), place.scrollTop);
    document.querySelector("#panel[data-bare]")?.removeAttribute("id");
  }

  let restoring = "";
  document.addEventListener("htmx:historyCacheMissLoad", (event) => {
    document.querySelector("#panel[data-bare]")?.removeAttribute("id");
    restoring = event.detail.path;
  });
  document.addEventListener("htmx:historyRestore", () => {
    const place = scroller();
    if (place) place.scrollTop = scrolled.get(restoring) || 0;
  });

  document.addEventListener("htmx:afterSettle", (event) => {
    if (!event.target.matches("#app, #work, #work > .card")) return;
    const wrong = document.querySelector('#work [aria-invalid="true"]');
    const first = wrong || document.querySelector("#work h1") || document.getElementById("work");
    if (!wrong) first.setAttribute("tabindex", "-1");
    first.focus({ preventScroll: !wrong });
  });

  /* Errors are said at the top of the work, where they stay. */
  function complain(text) {
    const page = document.querySelector("#work .page") || document.getElementById("work");
    page.querySelector(".notice-lost")?.remove();
    const notice = document.createElement("div");
    notice.className = "notice notice-heed notice-lost";
    notice.setAttribute("role", "alert");
    const words = document.createElement("p");
    words.textContent = text;
    notice.append(words);
    page.prepend(notice);
    notice.scrollIntoView({ block: "nearest" });
  }

  const polls = (event) => event.target.matches?.("#panel, [data-live], #palette-input");
  const sends = (event) => event.detail.requestConfig.verb !== "get";

  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, (event) => {
      if (polls(event)) return;
      complain(
        sends(event)
          ? "No response came back. Send it again: the same form can’t be charged twice."
          : "No connection to the studio. What you typed is still here.",
      );
    });
  }

  document.addEventListener("htmx:responseError", (event) => {
    if (polls(event)) return;
    const answer = event.detail.xhr;
    if (answer.status === 401) return; // connection.js says so
    const inWords = answer.status === 503 && (answer.getResponseHeader("Content-Type") || "").startsWith("text/plain");
    complain(inWords ? answer.responseText : "The studio could not do that right now. What you typed is still here. Check the jobs before you send it again.");
  });

  /* A menu has done its work when something else is clicked, or a download begins: no visit follows that closes it. */
  document.addEventListener("click", (event) => {
    const downloads = event.target.closest("a[download], [data-download]");
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (downloads || !menu.contains(event.target)) menu.removeAttribute("open");
      if (downloads && menu.contains(downloads)) menu.querySelector("summary").focus();
    });
  });
  /* A menu that begins with a field is opened to write in it: left on its button, the letters would be shortcuts. */
  document.addEventListener("toggle", (event) => {
    if (!event.target.matches("details.menu[open]")) return;
    const first = event.target.querySelector(":is(.menu-list, .menu-form) :is(a, button, select, textarea, input:not([type=hidden]))");
    if (first?.matches("input:not([type]), input[type=text], textarea")) {
      first.focus();
      first.select();
    }
  }, true);
  /* Up and down go through an open menu, from its button too. */
  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.("details.menu[open]");
    if (!menu || !["ArrowDown", "ArrowUp"].includes(event.key) || event.target.matches("input, textarea, select")) return;
    const entries = [...menu.querySelectorAll(".menu-list :is(a, button)")].filter((each) => each.checkVisibility());
    const step = event.key === "ArrowDown" ? 1 : -1;
    const from = entries.indexOf(document.activeElement);
    const next = from < 0 && step < 0 ? entries.length - 1 : from + step;
    event.preventDefault();
    entries[(next + entries.length) % entries.length]?.focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      menu.removeAttribute("open");
      menu.querySelector("summary").focus();
    });
  });
})();
