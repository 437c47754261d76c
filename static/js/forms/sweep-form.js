/* The form of a sweep: another row without a round to the server; what going on may cost while the cap is typed. */
(function () {
  "use strict";

  const MOST_ROWS = 8;

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-add-row]");
    if (!button) return;
    event.preventDefault();
    const rows = [...button.form.querySelectorAll(`[data-row]:has([name="${button.dataset.addRow}"])`)];
    const row = rows.at(-1).cloneNode(true);
    const field = row.querySelector("textarea");
    const number = rows.length;
    field.id = `id_${field.name}_${number}`;
    field.value = field.textContent = "";
    field.removeAttribute("aria-invalid");
    const label = row.querySelector("label");
    label.htmlFor = field.id;
    label.textContent = label.textContent.replace(/\d+/, number + 1);
    rows.at(-1).after(row);
    button.disabled = number + 1 >= MOST_ROWS;
    if (event.isTrusted) field.focus();
  });

  document.addEventListener("input", (event) => {
    if (!event.target.matches("[data-cap]")) return;
    const { form, value } = event.target;
    const more = Math.max(0, (Number(value) || 0) - Number(form.dataset.committed));
    form.querySelector("[data-cap-price]").textContent = `up to ${new Intl.NumberFormat("en").format(more)} ${more === 1 ? "credit" : "credits"}`;
  });
})();
