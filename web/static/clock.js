// Keeps "12 minutes" true while a page is open, in the page's own language.
// Without script the words are right at the moment the page was written.
const lang = document.documentElement.lang || "en";

function unit(n, name) {
  const words = new Intl.NumberFormat(lang, { style: "unit", unit: name, unitDisplay: "long" });
  return words.format(n);
}

export function ago(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  const h = Math.floor(s / 3600);
  const m = Math.floor(s / 60) % 60;
  if (h >= 48) return unit(Math.floor(h / 24), "day");
  if (h > 0) return `${unit(h, "hour")} ${unit(m, "minute")}`;
  if (m > 0) return unit(m, "minute");
  return unit(s, "second");
}

// stopwatch is for a screen across the room: 0:34:12.
function stopwatch(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (n) => String(n).padStart(2, "0");
  return `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

function tick() {
  for (const el of document.querySelectorAll("time[data-since]")) {
    const passed = Date.now() - Date.parse(el.dataset.since);
    const text = "stopwatch" in el.dataset ? stopwatch(passed) : ago(passed);
    if (el.textContent !== text) el.textContent = text;
  }
}

setInterval(tick, 1000);
