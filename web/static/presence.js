// Shows who else has the case open, as they come and go. Without script the
// page says who was there when it was written.
const box = document.querySelector("[data-looking]");
let events;

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

function look() {
  events = new EventSource(box.dataset.looking);
  events.addEventListener("looking", (e) => show(JSON.parse(e.data)));
  events.addEventListener("end", () => events.close());
}

look();
addEventListener("pagehide", () => events.close());
// A page that comes back from the browser's memory looks again, and keeps what is typed in it.
addEventListener("pageshow", (e) => e.persisted && look());
