// Keeps the words beside a form as they would be with what is typed. The server
// writes them; nothing is kept there. One request at a time, and each answer is
// to a later state of the form than the one before, so that no old words ever
// take the place of new ones. The form never waits for it.
const live = document.querySelector("[data-words]");
const form = document.querySelector("form[data-answers]");
const pause = 400; // after the last key: a word is not a thing to write sentences of at every letter
const patience = 15000; // a line that is slower than this is as good as none

let timer = 0;
let busy = false;
let behind = false;
let said = "";
let saying = 0;

function later() {
  clearTimeout(timer);
  timer = setTimeout(ask, pause);
}

// lost says why the words stay as they were; "" when they did not.
function lost(why) {
  const line = live.querySelector("p[data-lost]");
  line.hidden = !why;
  line.textContent = why;
}

async function ask() {
  if (busy) {
    behind = true;
    return;
  }
  busy = true;
  behind = false;
  const answers = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === "string") answers.append(name, value);
  const stop = new AbortController();
  const watch = setTimeout(() => stop.abort(), patience);
  live.toggleAttribute("data-busy", true);
  try {
    const answer = await fetch(live.dataset.words, { method: "POST", body: answers, headers: { "Tocsin-Part": "words" }, signal: stop.signal });
    const text = await answer.text();
    const out = answer.status === 401 || answer.redirected; // to the sign-in
    if (answer.ok && !out) swap(new DOMParser().parseFromString(text, "text/html"));
    lost(out ? live.dataset.out : answer.ok ? "" : live.dataset.lost);
  } catch {
    lost(live.dataset.lost);
  } finally {
    clearTimeout(watch);
    busy = false;
    live.toggleAttribute("data-busy", behind);
    if (behind) later();
  }
}

// swap keeps what the officer opened, and where he has scrolled to.
function swap(doc) {
  const part = document.getElementById("live-part");
  if (!doc.body.firstElementChild) return;
  const open = new Map([...part.querySelectorAll("details")].map((d) => [d.id, d.open]));
  const top = part.scrollTop;
  const at = part.contains(document.activeElement) && document.activeElement !== part ? document.activeElement : null;
  part.replaceChildren(...doc.body.childNodes);
  for (const d of part.querySelectorAll("details")) if (open.has(d.id)) d.open = open.get(d.id);
  part.scrollTop = top;
  if (at) {
    const same = at.href ? [...part.querySelectorAll("a")].find((a) => a.href === at.href) : document.getElementById(at.closest("details")?.id)?.querySelector("summary");
    (same ?? part).focus({ preventScroll: true });
  }
  tell(part.querySelector("[data-summary]")?.dataset.summary ?? "");
}

// tell speaks to who listens: only what changed, and only once the typing rests.
function tell(text) {
  clearTimeout(saying);
  if (text === said) return;
  saying = setTimeout(() => {
    said = text;
    live.querySelector("[data-said]").textContent = text;
  }, 1500);
}

if (live && form) {
  said = live.querySelector("[data-summary]")?.dataset.summary ?? "";
  form.querySelector("[data-look]")?.remove(); // a button is for browsers without this script
  form.addEventListener("input", later);
  form.addEventListener("change", later);
}
