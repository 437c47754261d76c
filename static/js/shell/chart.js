/* The columns of a chart are one stop for the Tab key; the arrow keys go from one to the next. */
(function () {
  "use strict";

  const charts = (root) => root.querySelectorAll("[data-columns]");
  const columns = (chart) => [...chart.querySelectorAll(".column")];

  /* The newest one is where Tab leads; without scripts it leads to each. */
  function gather(root) {
    charts(root).forEach((chart) => {
      const all = columns(chart);
      if (!all.includes(document.activeElement)) rest(all, all.at(-1));
    });
  }
  function rest(all, chosen) {
    all.forEach((each) => each.setAttribute("tabindex", each === chosen ? "0" : "-1"));
  }

  /* In the capture phase: with the focus here the arrows are not the player's. */
  document.addEventListener(
    "keydown",
    (event) => {
      const column = event.target.closest?.("[data-columns] .column");
      if (!column || event.ctrlKey || event.metaKey || event.altKey) return;
      const all = columns(column.closest("[data-columns]"));
      const at = all.indexOf(column);
      const next = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: all.length - 1 }[event.key];
      if (next === undefined) return;
      event.preventDefault();
      const chosen = all[Math.min(Math.max(next, 0), all.length - 1)];
      rest(all, chosen);
      chosen.focus();
    },
    true,
  );

  document.addEventListener("htmx:load", (event) => gather(event.detail.elt.parentNode || document));
  gather(document);
})();
