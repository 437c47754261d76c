/*
Controls of a row whose answer takes their place: a[data-menu] leads to a page of what can be done, which comes as an open menu,
and a button of #favourites comes back as it looks now. Each says once where it leads, in its href or formaction. Without this
script, and for a menu in a tab of its own, it is a visit.
*/
(function () {
  "use strict";

  const CONTROLS = 'a[data-menu], button[form="favourites"]';

  document.addEventListener("click", (event) => {
    const control = event.target.closest(CONTROLS);
    if (!control || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const here = { source: control, target: control, swap: "outerHTML" };
    if (control.matches("a")) htmx.ajax("GET", control.href, here);
    else htmx.ajax("POST", control.formAction, { ...here, values: { [control.name]: control.value } });
  });
})();
