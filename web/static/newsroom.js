// Keeps the newsroom's page true while it is open: a new alert appears at once
// with a sound, what was withdrawn goes at once, clocks run, texts are copied
// with one press. Without script every page says and does the same by itself.

const room = document.getElementById("room");
const part = document.getElementById("part");
const lost = document.querySelector("[data-lost]");
const SILENT = 25e3; // ms without a word of the server: two heartbeats and a half

let heard = Date.now();
let busy = false;
let again = false;
let baseTitle = document.title;

/* Clocks */
const two = (n) => String(n).padStart(2, "0");

function clock(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  const m = Math.floor(s / 60);
  return m < 60 ? `${m}:${two(s % 60)}` : `${Math.floor(m / 60)}:${two(m % 60)}:${two(s % 60)}`;
}

function write(el, text) {
  if (el.textContent !== text) el.textContent = text;
}

function tick() {
  for (const el of room.querySelectorAll("time[data-since]")) write(el, clock(Date.now() - Date.parse(el.dataset.since)));
  for (const el of room.querySelectorAll("time[data-until]")) {
    const left = Date.parse(el.dataset.until) - Date.now();
    write(el, left > 0 ? clock(left) : room.dataset.overdue);
  }
  lost.hidden = Date.now() - heard < SILENT;
}

/* The number of live alerts in the window's title: never a name, titles stay in histories. */
function retitle() {
  const n = part.querySelectorAll("article[data-case]").length;
  document.title = n ? `(${n}) ${baseTitle}` : baseTitle;
}

/* A new alert is heard and seen. Browsers allow sound only after a press. */
let audio = null;

function ring() {
  if (audio?.state !== "running") return;
  [880, 660, 880, 660].forEach((pitch, i) => {
    const from = audio.currentTime + i * 0.28;
    const tone = audio.createOscillator();
    const loud = audio.createGain();
    tone.frequency.value = pitch;
    loud.gain.setValueAtTime(0, from);
    loud.gain.linearRampToValueAtTime(0.35, from + 0.02);
    loud.gain.linearRampToValueAtTime(0, from + 0.26);
    tone.connect(loud).connect(audio.destination);
    tone.start(from);
    tone.stop(from + 0.27);
  });
}

function alarm(articles) {
  for (const el of articles) el.classList.add("fresh");
  document.title = `● ${room.dataset.new} – ${baseTitle}`;
  ring();
  articles[0].focus({ preventScroll: true });
  articles[0].scrollIntoView({ block: "start" });
  setTimeout(retitle, 60e3);
}

/* wire gives life to what the server wrote. */
function wire() {
  for (const button of part.querySelectorAll("[data-copy]")) button.hidden = !navigator.clipboard;
  const sound = part.querySelector("[data-sound]");
  if (sound) {
    sound.hidden = !window.AudioContext;
    sound.querySelector("button").setAttribute("aria-pressed", String(audio?.state === "running"));
  }
  tick();
}

async function copy(button) {
  try {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
  } catch {
    return; // the text is there to be selected
  }
  const words = button.firstChild.data;
  button.firstChild.data = room.dataset.copied;
  button.classList.add("done");
  setTimeout(() => {
    button.firstChild.data = words;
    button.classList.remove("done");
  }, 2000);
}

part.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.copy) copy(button);
  if (!button?.closest("[data-sound]")) return;
  if (audio?.state === "running") await audio.suspend();
  else {
    audio ??= new AudioContext();
    await audio.resume();
    ring();
  }
  button.setAttribute("aria-pressed", String(audio.state === "running"));
});

/* One press is one answer: a second one while the first is under way does nothing. */
part.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "1";
  setTimeout(() => delete event.target.dataset.sent, 3000);
});

/* What a person has opened or typed stays when the page is written anew. */
function keep(from) {
  const open = [...from.querySelectorAll("details[id]")].map((d) => [d.id, d.open]);
  const fields = [...from.querySelectorAll("input[id]")].map((f) => [f.id, f.type === "radio" ? f.checked : f.value]);
  const at = from.contains(document.activeElement) ? document.activeElement.id : "";
  return () => {
    for (const [id, was] of open) {
      const d = document.getElementById(id);
      if (d) d.open = was;
    }
    for (const [id, was] of fields) {
      const f = document.getElementById(id);
      if (f?.type === "radio") f.checked = was;
      else if (f && was) f.value = was;
    }
    if (at) document.getElementById(at)?.focus({ preventScroll: true });
  };
}

function swap(html) {
  const next = new DOMParser().parseFromString(html, "text/html").querySelector(".part");
  if (!next) return;
  const known = new Set([...part.querySelectorAll("article[data-case]")].map((a) => a.dataset.case));
  const restore = keep(part);
  part.replaceChildren(next);
  part.dataset.version = next.dataset.version;
  wire();
  restore();
  const fresh = [...part.querySelectorAll("article[data-case]")].filter((a) => !known.has(a.dataset.case));
  if (fresh.length) alarm(fresh);
  else retitle();
}

function out() {
  part.replaceChildren();
  location.replace(room.dataset.signin);
}

async function refresh() {
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  try {
    const answer = await fetch(room.dataset.part, { headers: { Accept: "text/html" }, cache: "no-store" });
    if (answer.status === 401) return out();
    if (answer.ok) swap(await answer.text());
  } catch {
    // the line is watched by its heartbeats
  } finally {
    busy = false;
    if (again) {
      again = false;
      setTimeout(refresh, 200);
    }
  }
}

/* What has ended leaves the page before anything else is asked. */
function empty(live) {
  for (const article of part.querySelectorAll("article[data-case]")) {
    if (!live.includes(article.dataset.case)) article.remove();
  }
  retitle();
}

let events = null;

function listen() {
  events = new EventSource(room.dataset.events);
  events.addEventListener("open", () => (heard = Date.now()));
  events.addEventListener("heartbeat", () => (heard = Date.now()));
  events.addEventListener("news", (event) => {
    heard = Date.now();
    const news = JSON.parse(event.data);
    empty(news.live);
    if (news.version !== part.dataset.version) refresh();
  });
  events.addEventListener("out", out);
  events.addEventListener("error", () => {
    if (events.readyState !== EventSource.CLOSED) return; // it comes back by itself
    refresh(); // a refusal: signed out, or too many pages
    setTimeout(listen, 5000);
  });
}

/* The browser's memory of the way back holds nobody's face. */
addEventListener("pagehide", (event) => {
  events?.close();
  if (event.persisted) part.replaceChildren();
});
addEventListener("pageshow", (event) => event.persisted && location.reload());

wire();
retitle();
listen();
setInterval(tick, 500);
