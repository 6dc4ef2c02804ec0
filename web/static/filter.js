// Narrows a long list of areas while an officer types. What is ticked stays in sight.
const box = document.querySelector("[data-filter]");
const input = box.querySelector("input");
const status = box.querySelector("[role=status]");
const rows = () => [...document.querySelectorAll(".checks .choice")]; // asked anew: a look-up adds areas
const plain = (s) => s.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

function filter() {
  const want = plain(input.value.trim());
  let shown = 0;
  for (const row of rows()) {
    const tick = row.querySelector("input");
    const fits = plain(`${row.textContent} ${tick.value}`).includes(want);
    row.hidden = !fits && !tick.checked;
    if (fits) shown += 1;
  }
  status.textContent = want ? box.dataset.shown.replace("{n}", shown).replace("{of}", rows().length) : "";
}

if (rows().length > 8) {
  box.hidden = false;
  input.addEventListener("input", filter);
  // Enter here looks for an area; it must not save the page.
  input.addEventListener("keydown", (e) => {
    if (e.key === "Enter") e.preventDefault();
  });
}
