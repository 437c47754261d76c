/* Downloads: one of a person goes on at once, and a few of all. Before one begins the studio is asked whether it may; until
   then it is said who goes first, and it begins by itself. Without this script a download that comes too early says so. */
(function () {
  "use strict";

  const DOWNLOADS = "a[download], button[data-download]";
  const NOT_YET = 202;
  const AGAIN_MS = 3000;
  const BEGUN_MS = 1500; // until the studio knows that the last one goes on
  const toasts = document.getElementById("toasts");
  const wanted = [];
  let isAsking = false;

  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  /* What a script clicks is a download that may begin. */
  document.addEventListener("click", (event) => {
    const control = event.target.closest(DOWNLOADS);
    if (!control || !event.isTrusted || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    wanted.push(control.matches("a") ? link(control.href) : form(control));
    if (!isAsking) ask();
  });

  async function ask() {
    isAsking = true;
    while (wanted.length) {
      const reply = await fetch(toasts.dataset.downloads).catch(() => null);
      if (reply?.status === NOT_YET) {
        say(await reply.text());
        await pause(AGAIN_MS);
      } else {
        say("");
        wanted.shift()(); // whatever else is wrong the download itself says
        if (wanted.length) await pause(BEGUN_MS);
      }
    }
    isAsking = false;
  }

  function link(href) {
    return () => begin(Object.assign(document.createElement("a"), { href, download: "" }), (made) => made.click());
  }

  /* What was chosen when the button was pressed, whatever page is shown by then. */
  function form(button) {
    const fields = [...new FormData(button.form, button)].filter(([, value]) => typeof value === "string");
    const made = Object.assign(document.createElement("form"), { method: "post", action: button.formAction, hidden: true });
    for (const [name, value] of fields) made.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    return () => begin(made, () => made.submit());
  }

  function begin(made, go) {
    document.body.append(made);
    go(made);
    made.remove();
  }

  function say(words) {
    const item = toasts.querySelector("[data-waits]");
    if (!words) item?.remove();
    else if (item) item.firstChild.textContent = words;
    else {
      const made = document.createElement("div");
      Object.assign(made.dataset, { waits: "", stays: "" });
      made.append(Object.assign(document.createElement("span"), { textContent: words }));
      toasts.append(made);
    }
  }
})();
