/*
Choosing takes in a list: input[name=clip][form=selection]. The strip shows how many there are, and is only there while
something is chosen. Shift-click takes all from the last one on; Ctrl-A, with the focus in the list, takes all; Escape none.
A collection's rows can also be dragged: dropping sends the same form as the buttons.
*/
(function () {
  "use strict";

  const BOXES = 'input[name="clip"][form="selection"]';
  const MOVES = ".collection-moves";
  const MOVE = 'button[name="to"]:not([disabled])';
  const strip = () => document.getElementById("selection");
  const boxes = () => [...document.querySelectorAll(BOXES)];
  let last = null;

  function show() {
    const place = strip();
    if (!place) return;
    const chosen = boxes().filter((box) => box.checked);
    const seconds = chosen.reduce((sum, box) => sum + (Number(box.closest("[data-duration]")?.dataset.duration) || 0), 0);
    place.classList.toggle("is-on", chosen.length > 0);
    place.querySelector("[data-chosen-count]").textContent = chosen.length || "";
    place.querySelector("[data-chosen-word]").textContent = chosen.length === 1 ? "take" : "takes";
    place.querySelector("[data-chosen-length]").textContent = seconds ? clock(Math.round(seconds)) : "";
    if (!chosen.length) place.querySelectorAll("details[open]").forEach((menu) => menu.removeAttribute("open"));
  }

  function clock(seconds) {
    const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
    const two = (figure) => String(figure).padStart(2, "0");
    return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
  }

  function choose(some, on) {
    some.forEach((box) => (box.checked = on));
    show();
  }

  document.addEventListener("click", (event) => {
    const box = event.target.closest(BOXES);
    if (!box) return;
    const all = boxes();
    if (event.shiftKey && last?.isConnected) {
      const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((one, other) => one - other);
      choose(all.slice(from, to + 1), box.checked);
    }
    last = box;
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches(BOXES)) show();
  });
  document.addEventListener("reset", (event) => {
    if (event.target.id === "selection") setTimeout(cleared, 0); // the boxes are emptied after the event
  });
  document.addEventListener("htmx:load", show);

  /* The strip goes, and with it the button that had the focus. */
  function cleared() {
    show();
    if (document.activeElement === document.body) (last?.isConnected ? last : document.getElementById("work")).focus();
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !isWriting(event.target) && boxes().some((box) => box.checked)) {
      if (event.defaultPrevented || document.querySelector("dialog[open], details.menu[open], .toast-item")) return;
      strip()?.reset();
    }
    if (window.flowwebShortcut(event) === "a" && (event.ctrlKey || event.metaKey) && isInList(event.target)) {
      event.preventDefault();
      choose(boxes(), true);
    }
  }, true);

  function isWriting(element) {
    return element.matches("input:not([type=checkbox], [type=range]), textarea, select");
  }

  function isInList(element) {
    return !isWriting(element) && Boolean(element.closest("[data-queue]")?.querySelector(BOXES));
  }

  /* A download is not a visit: the browser sends the form itself, and stays where it is. */
  document.addEventListener("submit", (event) => {
    if (event.submitter?.matches("[data-download]")) event.stopPropagation();
  }, true);

  /* A row that was moved by its button keeps the focus, so that it can be moved on. */
  document.addEventListener("htmx:afterSettle", (event) => {
    const pressed = event.detail.requestConfig?.triggeringEvent?.submitter;
    if (event.target.id !== "app" || !pressed?.closest(MOVES)) return;
    const button = document.getElementById(pressed.id);
    (button?.disabled ? button.closest(MOVES).querySelector(MOVE) : button)?.focus();
  });

  /* Dragging */
  let dragged = null;
  const rows = () => [...document.querySelectorAll("[data-sortable] > [data-clip]")];

  document.addEventListener("dragstart", (event) => {
    dragged = event.target.closest?.("[data-sortable] > [data-clip]");
    if (!dragged) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setDragImage(dragged, 0, 0);
    dragged.classList.add("is-dragged");
  });
  document.addEventListener("dragover", (event) => {
    const row = dragged && event.target.closest?.("[data-sortable] > [data-clip]");
    if (!row) return;
    event.preventDefault();
    mark(row);
  });
  document.addEventListener("drop", (event) => {
    const row = dragged && event.target.closest?.("[data-sortable] > [data-clip]");
    if (!row || row === dragged) return;
    event.preventDefault();
    send(rows().indexOf(row));
  });
  document.addEventListener("dragend", () => {
    mark(null);
    dragged?.classList.remove("is-dragged");
    dragged = null;
  });

  function mark(row) {
    const below = row && rows().indexOf(row) > rows().indexOf(dragged);
    rows().forEach((each) => {
      each.classList.toggle("is-target", each === row && row !== dragged && !below);
      each.classList.toggle("is-target-below", each === row && row !== dragged && below);
    });
  }

  function send(place) {
    const button = dragged.querySelector(MOVE);
    if (!button) return;
    button.value = place;
    button.click();
  }
})();
