/* Shortcuts of every page: the main pages, the search, and the list of all shortcuts. */
(function () {
  "use strict";

  const PAGES = { n: ".nav-new", l: "[data-nav=library]", j: "[data-nav=jobs]" };

  function isTyping(event) {
    return event.target.closest("input:not([type=range]), textarea, select, [contenteditable], dialog[open], details.menu[open]");
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
    const key = window.flowwebShortcut(event);
    if (key === "?") {
      showList();
    } else if (key === "/") {
      event.preventDefault();
      search();
    } else if (PAGES[key]) {
      event.preventDefault();
      document.querySelector(PAGES[key])?.click();
    }
  });

  /* On a page without a search: to the library's, once it is there. */
  let searches = false;
  function search() {
    const field = document.querySelector("#work [data-search]");
    if (field) field.select();
    else if ((searches = !searches)) document.querySelector(PAGES.l)?.click();
  }
  document.addEventListener("htmx:afterSettle", (event) => {
    if (!searches || event.target.id !== "app") return;
    search();
    searches = false;
  });

  function showList() {
    document.getElementById("shortcuts-dialog").showModal();
  }
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-show-shortcuts]")) showList();
  });
})();
