/* The palette, Ctrl-K: a combobox over the commands of the nav and what the library finds (library/_palette_results.html).
   The focus stays in the field; aria-activedescendant says which option Enter takes. */
(function () {
  "use strict";

  const dialog = document.getElementById("palette");
  const input = document.getElementById("palette-input");
  const list = document.getElementById("palette-list");
  const commands = document.getElementById("palette-commands");
  const APPLE = /Mac|iPhone|iPad/.test(navigator.platform);

  const options = () => [...list.querySelectorAll("[role=option]")];
  const active = () => list.querySelector("[aria-selected=true]");
  const words = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);

  function open() {
    if (document.querySelector("dialog[open]")) return;
    input.value = "";
    offer();
    dialog.showModal();
    htmx.trigger(input, "palette-open");
  }

  /* A command is what a person could press in the nav; choosing it presses it there. What one does all day comes first. */
  function offer() {
    const asked = words(input.value);
    const fits = (each) => {
      const own = words(`${each.dataset.command} ${each.dataset.find || ""}`);
      return asked.every((word) => own.some((name) => name.startsWith(word)));
    };
    const daily = [...document.querySelectorAll("nav [data-command]")];
    const found = [...new Set([...daily, ...document.querySelectorAll("[data-command]")])].filter(fits);
    commands.replaceChildren(...found.map(option));
    activate(options()[0]);
  }

  function option(command, number) {
    const made = document.createElement("div");
    made.className = "found";
    made.id = `command-${number}`;
    made.setAttribute("role", "option");
    const icon = command.querySelector(".icon, .initials");
    if (icon) made.append(icon.cloneNode(true));
    const text = document.createElement("span");
    Object.assign(text, { className: "found-text", dir: "auto" });
    text.textContent = command.dataset.command;
    made.append(text);
    const key = command.querySelector("kbd");
    if (key) made.append(key.cloneNode(true));
    made.addEventListener("click", () => {
      dialog.close();
      command.click();
    });
    return made;
  }

  function activate(chosen) {
    options().forEach((each) => each.setAttribute("aria-selected", String(each === chosen)));
    if (chosen) input.setAttribute("aria-activedescendant", chosen.id);
    else input.removeAttribute("aria-activedescendant");
    chosen?.scrollIntoView({ block: "nearest" });
  }

  function step(by) {
    const all = options();
    const next = all.indexOf(active()) + by;
    activate(all[(next + all.length) % all.length]);
  }

  const MOVES = {
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    Enter: () => active()?.click(),
  };

  input.addEventListener("keydown", (event) => {
    if (event.isComposing || !MOVES[event.key]) return;
    event.preventDefault();
    MOVES[event.key]();
  });
  input.addEventListener("input", offer);
  list.addEventListener("pointermove", (event) => {
    const under = event.target.closest("[role=option]");
    if (under && under !== active()) activate(under);
  });
  list.addEventListener("click", (event) => {
    if (event.target.closest("a")) dialog.close();
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id !== "palette-found") return;
    if (!active()) activate(options()[0]);
    const count = options().length;
    document.getElementById("palette-count").textContent = `${count} found`;
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-show-palette]")) open();
    if (event.target.closest("[data-close-palette]")) dialog.close();
  });
  document.addEventListener("keydown", (event) => {
    if (window.flowwebShortcut(event) !== "k" || event.altKey || event.shiftKey || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    if (dialog.open) dialog.close();
    else open();
  });
  document.addEventListener("htmx:load", () => {
    if (APPLE) document.querySelectorAll("[data-ctrl]").forEach((each) => (each.textContent = "⌘"));
  });
})();
