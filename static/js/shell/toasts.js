/* Toasts: what a page says in passing stands at the bottom right for a while. Errors never come here: they stay at the
   top of the work. A page that was asked for whole holds its toasts in [data-toast]; others append to #toasts. */
(function () {
  "use strict";

  const SHOWN_MS = 8000;
  const MOST = 4;
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
    while (place.children.length > MOST) place.firstElementChild.remove();
    if (!("stays" in item.dataset)) leave(item);
  }

  /* Whoever reads it, points at it or has another tab in front keeps it. */
  function leave(item) {
    setTimeout(() => {
      if (document.hidden || item.matches(":hover, :focus-within")) leave(item);
      else item.remove();
    }, SHOWN_MS);
  }

  function close(item) {
    const held = item.contains(document.activeElement);
    item.remove();
    if (held) document.getElementById("work").focus({ preventScroll: true });
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
