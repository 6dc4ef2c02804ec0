// Fills the board while receipts come in. The server writes the board's part;
// this only hears that it changed and fetches it anew, one at a time.
const board = document.querySelector("[data-live]");
const dot = document.querySelector("[data-live-state]");
let busy = false;
let again = false;

function say(alive) {
  dot.hidden = false;
  dot.classList.toggle("off", !alive);
  dot.textContent = alive ? dot.dataset.alive : dot.dataset.lost;
}

async function refresh() {
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  try {
    const answer = await fetch(board.dataset.part, { headers: { Accept: "text/html" } });
    if (answer.redirected || answer.status === 401) return location.reload(); // signed out meanwhile
    if (answer.ok) swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    say(false);
  } finally {
    busy = false;
    if (again) {
      again = false;
      setTimeout(refresh, 250);
    }
  }
}

// swap keeps the place of whoever reads or presses Tab in the part.
function swap(doc) {
  const left = board.querySelector(".scroll")?.scrollLeft ?? 0;
  const open = [...board.querySelectorAll("details[open]")].map((d) => d.id);
  const at = board.contains(document.activeElement) ? document.activeElement : null;
  board.replaceChildren(...doc.body.childNodes);
  const scroll = board.querySelector(".scroll");
  if (scroll) scroll.scrollLeft = left;
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (!at) return;
  const detail = at.closest("details");
  if (detail) return document.getElementById(detail.id)?.querySelector("summary").focus({ preventScroll: true });
  const same = at.href ? [...board.querySelectorAll("a")].find((a) => a.href === at.href) : scroll;
  same?.focus({ preventScroll: true });
}

const events = new EventSource(board.dataset.live);
let fresh = true; // the page itself is as new as the first event
events.addEventListener("open", () => say(true));
events.addEventListener("error", () => {
  say(false);
  fresh = false;
});
events.addEventListener("board", () => {
  say(true);
  if (fresh) fresh = false;
  else refresh();
});
addEventListener("pagehide", () => events.close());
