// Keeps "12 minutes ago" true while a page is open. Without script the words
// are right at the moment the page was written.
const unit = (n, one, many) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

export function ago(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  const h = Math.floor(s / 3600);
  const m = Math.floor(s / 60) % 60;
  if (h >= 48) return unit(Math.floor(h / 24), "day", "days");
  if (h > 0) return `${unit(h, "hour", "hours")} ${unit(m, "minute", "minutes")}`;
  if (m > 0) return unit(m, "minute", "minutes");
  return unit(s, "second", "seconds");
}

function tick() {
  for (const el of document.querySelectorAll("time[data-since]")) {
    const text = ago(Date.now() - Date.parse(el.dataset.since));
    if (el.textContent !== text) el.textContent = text;
  }
}

setInterval(tick, 1000);
