// Keeps a public page true while it is open: asks again every half minute, when
// the reader comes back to it, and at the very moment an alert expires. What has
// changed replaces what is shown; the name of a found child goes at once.
//
// Everything here is a courtesy: without script each page says the same.

const EVERY = 30e3; // ms between two looks; the answer is a 304 of 200 bytes as long as nothing changed
const WAIT = 15e3; // for one answer
const main = document.getElementById("main");

let timer = 0;
let asking = false;

async function look() {
  if (asking) return;
  asking = true;
  try {
    const response = await fetch(location.href, { cache: "no-cache", signal: AbortSignal.timeout(WAIT) });
    if (response.ok || response.status === 410) show(await response.text());
  } catch {
    forgetExpired(); // no answer: what we know ourselves still holds
  } finally {
    asking = false;
    plan();
  }
}

// show takes over the page's content when it differs. The server's escaping
// holds: a parsed document runs no script.
function show(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const next = fresh.getElementById("main");
  if (!next || next.dataset.revision === main.dataset.revision) return;
  document.title = fresh.title;
  main.replaceChildren(...next.childNodes);
  main.dataset.revision = next.dataset.revision || "";
  if (next.dataset.expires) main.dataset.expires = next.dataset.expires;
  else delete main.dataset.expires;
  wire(main);
  if (!document.querySelector(".frame")) main.focus({ preventScroll: true });
}

const left = () => Date.parse(main.dataset.expires) - Date.now();

// forgetExpired empties a page whose time is up and whose server is away.
function forgetExpired() {
  if (left() <= 0) main.replaceChildren();
}

function plan() {
  clearTimeout(timer);
  if (document.hidden) return; // nobody looks; visibilitychange asks at once
  const pause = EVERY * (0.8 + 0.4 * Math.random()); // a country's phones must not ask in step
  timer = setTimeout(look, Math.max(1000, Math.min(pause, left() > 0 ? left() + 500 : pause)));
}

if (main?.dataset.revision) {
  document.addEventListener("visibilitychange", () => (document.hidden ? plan() : look()));
  // A page out of the browser's memory of the way back is as old as the way is long.
  addEventListener("pageshow", (event) => event.persisted && look());
  addEventListener("online", look);
  plan();
}

// wire joins the buttons that only a script can serve.
function wire(root) {
  const share = root.querySelector("[data-share]");
  if (share) {
    share.hidden = false;
    const button = share.querySelector("button");
    button.addEventListener("click", async () => {
      try {
        if (navigator.share) await navigator.share({ title: document.title, url: location.href });
        else await copy(button, location.href);
      } catch {
        // the reader thought better of it
      }
    });
  }
  for (const button of root.querySelectorAll("[data-copy]")) {
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", () => copy(button, document.getElementById(button.dataset.copy).textContent));
  }
}

async function copy(button, text) {
  await navigator.clipboard.writeText(text);
  const before = button.textContent;
  button.textContent = button.dataset.done;
  setTimeout(() => (button.textContent = before), 2500);
}

// From the notification's button: the number is dialled, and stands ready where
// the browser wants the reader's own touch for that.
if (location.hash === "#call") {
  const number = document.querySelector(".callbox .call");
  if (number) {
    number.focus();
    location.href = number.href;
  }
}

wire(document);
// One open menu at a time is enough, and a tap elsewhere closes it.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(".langs details[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
