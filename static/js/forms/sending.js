/* Sending a form that spends: once, and visibly so. A form that stays (the song form) gets what has changed around it, and
   its button can be pressed again; what belongs to the press before does nothing (one-press.js). */
(function () {
  "use strict";

  const REST_MS = 1000; // from the press on: a double click is over by then
  const payButton = (sender) => sender.querySelector("[data-pay]") || document.querySelector(`[data-pay][form="${sender.id}"]`);
  let pressed = { at: 0, focused: false };

  document.addEventListener("submit", (event) => {
    const button = payButton(event.target);
    if (!button || event.submitter?.matches("[data-no-pay]")) return;
    pressed = { at: Date.now(), focused: document.activeElement === button };
    const label = button.querySelector("[data-pay-label]");
    button.dataset.label = label.textContent;
    const spinner = document.createElement("span");
    spinner.className = "spinner";
    label.replaceChildren(spinner, "Sending once");
    button.classList.add("is-sending");
    setDisabled(button, true);
  });

  function setDisabled(button, isDisabled) {
    button.disabled = isDisabled;
    const byKey = document.querySelector("[data-pay-by-key]");
    if (byKey && byKey.form === button.form) byKey.disabled = isDisabled;
  }

  function rest(button) {
    if (!button?.classList.contains("is-sending")) return;
    button.classList.remove("is-sending");
    setDisabled(button, false);
    button.querySelector("[data-pay-label]").textContent = button.dataset.label;
    document.dispatchEvent(new CustomEvent("form:filled"));
    if (pressed.focused && document.activeElement === document.body) button.focus({ preventScroll: true });
  }
  for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError", "signed-out"]) {
    document.addEventListener(name, (event) => {
      if (event.target.matches?.("form")) rest(payButton(event.target));
    });
  }
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) document.querySelectorAll(".is-sending").forEach(rest);
  });

  /* It was taken, and stays. A reload is not to bring back what the address had filled it with. */
  document.addEventListener("form:taken", (event) => {
    event.target.dataset.taken = "";
    forgetSource(event.target);
    htmx.trigger(document.getElementById("panel"), "tick");
    setTimeout(() => rest(payButton(event.target)), Math.max(0, pressed.at + REST_MS - Date.now()));
  });

  function forgetSource(sender) {
    if (location.search && location.pathname === sender.getAttribute("action")) history.replaceState(history.state, "", location.pathname);
  }
  document.addEventListener("form:cleared", (event) => forgetSource(event.target));

  /* Another song begins: what was said of the one before is over. */
  for (const name of ["input", "form:cleared"]) {
    document.addEventListener(name, (event) => {
      const sender = event.target.form || event.target;
      if (sender.dataset?.taken === undefined) return;
      delete sender.dataset.taken;
      document.getElementById("sent")?.replaceChildren();
      document.dispatchEvent(new CustomEvent("form:filled"));
    });
  }
})();
