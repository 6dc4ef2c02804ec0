// Shows who else has the case open, as they come and go. Without script the
// page says who was there when it was written.
const box = document.querySelector("[data-looking]");
const events = new EventSource(box.dataset.looking);

function show(lines) {
  const now = [...box.children].map((p) => p.textContent);
  if (now.length === lines.length && lines.every((l, i) => l === now[i])) return;
  box.replaceChildren(
    ...lines.map((text) => {
      const p = document.createElement("p");
      p.textContent = text;
      return p;
    }),
  );
}

events.addEventListener("looking", (e) => show(JSON.parse(e.data)));
events.addEventListener("end", () => events.close());
addEventListener("pagehide", () => events.close());
// A page that comes back from the browser's memory looks again.
addEventListener("pageshow", (e) => e.persisted && location.reload());
