/* Runs before anything is drawn: dark or light, by the person's choice (cookie, read by the server) or else the system's;
   and tells the server the reader's time zone by a cookie, also when they have travelled. */
(function () {
  "use strict";

  const root = document.documentElement;
  const light = window.matchMedia("(prefers-color-scheme: light)");
  const YEAR_S = 60 * 60 * 24 * 365;

  const system = () => (light.matches ? "light" : "dark");
  const other = (theme) => (theme === "light" ? "dark" : "light");

  function show() {
    root.dataset.bsTheme = root.dataset.theme || system();
    document.querySelectorAll("[data-theme-word]").forEach((word) => {
      word.textContent = other(root.dataset.bsTheme) === "light" ? "Light" : "Dark";
    });
  }

  function remember(name, value) {
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `${name}=${value}; path=/; max-age=${value ? YEAR_S : 0}; samesite=lax${secure}`;
  }

  /* Choosing what the system says anyway means: follow the system again. */
  function choose(theme) {
    const follows = theme === system();
    remember("theme", follows ? "" : theme);
    if (follows) delete root.dataset.theme;
    else root.dataset.theme = theme;
    show();
  }

  root.classList.add("js");
  remember("zone", Intl.DateTimeFormat().resolvedOptions().timeZone || "");
  try {
    if (localStorage.getItem("panel") === "rail") root.dataset.panel = "rail";
  } catch {
    /* Storage may be forbidden; the panel is then open on each visit. */
  }
  show();
  light.addEventListener("change", show);
  document.addEventListener("htmx:load", show);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-theme-switch]")) choose(other(root.dataset.bsTheme));
  });
})();
