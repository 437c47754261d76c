/* One press of a button that spends sends once. The answer may bring a fresh button to the very place of the pressed one, and
   sending that is another request: the second click of a double click and a key that is held never reach it. */
(function () {
  "use strict";

  window.addEventListener(
    "click",
    (event) => {
      if (event.detail < 2 || !event.target.closest?.("[data-pay], [data-once]")) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    true,
  );
  window.addEventListener(
    "keydown",
    (event) => {
      if (event.repeat && event.key === "Enter" && event.target.closest?.("[data-pay], input")) event.preventDefault();
    },
    true,
  );
})();
