/* Dialogs: a page that asks for confirmation is shown in one; without JavaScript it opens by itself. */
(function () {
  "use strict";

  const dialog = () => document.getElementById("ask-dialog");

  document.addEventListener("click", (event) => {
    const asks = event.target.closest("a[data-ask]");
    if (asks && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      ask(asks.href);
    }
    if (event.target instanceof HTMLDialogElement) event.target.close(); // a click beside it
  });

  /* In the capture phase: in the dialog the link that leads back must not become a visit. */
  document.addEventListener(
    "click",
    (event) => {
      if (!event.target.closest("#ask-dialog [data-close]")) return;
      event.preventDefault();
      event.stopPropagation();
      dialog().close();
    },
    true,
  );

  async function ask(address) {
    try {
      const answer = await fetch(address, { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const body = page.querySelector(".ask .card-body");
      if (!answer.ok || !body) throw new Error("not a page that asks");
      show(body);
    } catch {
      location.assign(address);
    }
  }

  function show(body) {
    const title = body.querySelector("h1");
    const heading = document.createElement("h2");
    heading.id = "ask-title";
    heading.textContent = title.textContent;
    title.replaceWith(heading);
    body.querySelectorAll("form[data-panel-form]").forEach((form) => {
      form.setAttribute("hx-post", form.getAttribute("action"));
      form.setAttribute("hx-target", "#panel");
      form.setAttribute("hx-swap", "outerHTML");
    });
    dialog().replaceChildren(...body.childNodes);
    htmx.process(dialog());
    dialog().showModal();
  }

  /* Sent: the answer is the panel. A whole page instead says why not, or is where other forms lead; it takes the page's place. */
  document.addEventListener("htmx:afterRequest", (event) => {
    if (dialog().open && dialog().contains(event.target)) dialog().close();
  });
  document.addEventListener("htmx:load", (event) => {
    if (event.target.id === "app" && dialog().open) dialog().close();
  });
})();
