/*
A person's own line: a card dragged to another place sends the form of its buttons. Only cards of one line ([data-line])
change places; a folded card is dropped on by its first song from below, by its last one (data-line-end) from above.
*/
(function () {
  "use strict";

  const CARD = "[data-line]";
  let dragged = null;

  const card = (event) => dragged && event.target.closest?.(CARD);
  const fits = (other) => other && other !== dragged && other.dataset.line === dragged.dataset.line && place(other) >= 0;
  const row = () => [...dragged.parentElement.querySelectorAll(`:scope > ${CARD}`)];
  const place = (other) => row().indexOf(other);

  document.addEventListener("dragstart", (event) => {
    dragged = event.target.closest?.(".job-grip")?.closest(CARD) || null;
    if (!dragged) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setDragImage(dragged, 0, 0);
    dragged.classList.add("is-dragged");
  });
  document.addEventListener("dragover", (event) => {
    const other = card(event);
    if (!fits(other)) return;
    event.preventDefault();
    mark(other);
  });
  document.addEventListener("drop", (event) => {
    const other = card(event);
    if (!fits(other)) return;
    event.preventDefault();
    send(other, place(other) > place(dragged));
  });
  document.addEventListener("dragend", () => {
    if (!dragged) return;
    mark(null);
    dragged.classList.remove("is-dragged");
    dragged = null;
  });

  function mark(other) {
    row().forEach((each) => {
      each.classList.toggle("is-target", each === other && place(other) < place(dragged));
      each.classList.toggle("is-target-below", each === other && place(other) > place(dragged));
    });
  }

  function send(other, below) {
    const button = dragged.querySelector(".job-moves button:not([disabled])");
    if (!button) return;
    button.name = below ? "after" : "before";
    button.value = below ? other.dataset.lineEnd : other.dataset.job;
    dragged.classList.remove("is-dragged"); // or the panel would wait for the end of dragging
    button.click();
  }

  /* A card that was moved keeps the focus, at an end of its line on the button that still works. */
  let pressed = null;
  document.addEventListener("submit", (event) => {
    pressed = event.submitter?.closest(".job-moves") ? event.submitter : null;
  }, true);
  document.addEventListener("htmx:afterSettle", () => {
    const button = pressed && document.getElementById(pressed.id);
    if (!button || button === pressed) return;
    pressed = null;
    (button.disabled ? button.form.querySelector("button:not([disabled])") : button)?.focus();
  });
})();
