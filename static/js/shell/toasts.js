/* Toasts: what a page says in passing stands at the bottom right for a while, in one line, in a row of the house's own. Errors
   never come here: they stay at the top of the work. A page that was asked for whole holds its toasts in [data-toast]; others append to #toasts. */
(function () {
  "use strict";

  const SHOWN_MS = 8000;
  const MOST = 2;
  const place = document.getElementById("toasts");
  const closer = document.getElementById("toast-close");

  /* Moving them here is what a screen reader notices: the place is a live region. */
  document.addEventListener("htmx:load", () => {
    document.querySelectorAll("#app [data-toast]").forEach((each) => place.append(each));
  });

  new MutationObserver((changes) => {
    const added = changes.flatMap((change) => [...change.addedNodes]);
    added.filter((item) => item instanceof HTMLElement && item.isConnected).forEach(arrive);
  }).observe(place, { childList: true });

  function arrive(item) {
    item.removeAttribute("role");
    item.classList.remove("notice");
    item.classList.add("toast-item");
    item.append(closer.content.cloneNode(true));
    const text = item.querySelector(".text");
    if (text && !text.title) text.title = text.textContent.trim();
    while (place.children.length > MOST) oldest().remove();
    if (!("stays" in item.dataset)) leave(item);
  }

  /* What stays until it is closed, and what somebody points at, go last. */
  function oldest() {
    const others = [...place.children].slice(0, -1);
    return others.find((item) => !("stays" in item.dataset) && !held(item)) || others.find((item) => !held(item)) || others[0];
  }

  const held = (item) => item.matches(":hover, :focus-within");

  /* Whoever reads it, points at it or has another tab in front keeps it. */
  function leave(item) {
    setTimeout(() => {
      if (document.hidden || held(item)) leave(item);
      else item.remove();
    }, SHOWN_MS);
  }

  function close(item) {
    const hadFocus = item.contains(document.activeElement);
    item.remove();
    if (hadFocus) document.getElementById("work").focus({ preventScroll: true });
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest(".toast-close");
    if (button) close(button.closest(".toast-item"));
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const item = event.detail.requestConfig.elt.closest?.(".toast-item");
    if (item) close(item);
  });

  /* Before a menu or a dialog has closed by the same key: one press closes one thing. */
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape" || document.querySelector("dialog[open], details.menu[open]")) return;
      [...place.children].forEach(close);
    },
    true,
  );
})();
