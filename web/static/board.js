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

// swap changes only what is new, so that nothing flickers on a wall, and whoever
// reads, has opened a detail or presses Tab in the part keeps the place.
function swap(doc) {
  const focus = board.contains(document.activeElement) ? document.activeElement : null;
  fit(board, doc.body);
  if (focus?.isConnected && focus !== document.activeElement) focus.focus({ preventScroll: true });
}

// fit makes the inside of now that of next. A row that moves keeps its element by its id.
function fit(now, next) {
  let at = now.firstChild;
  for (const node of [...next.childNodes]) {
    const old = node.id ? [...now.children].find((child) => child.id === node.id) : at;
    if (old && old !== at) now.insertBefore(old, at);
    if (!old || old.nodeName !== node.nodeName || old.id !== node.id) {
      now.insertBefore(node, at);
      continue;
    }
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.data !== node.data) old.data = node.data;
    } else if (!old.isEqualNode(node)) fitElement(old, node);
    at = old.nextSibling;
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
}

function fitElement(old, node) {
  for (const name of old.getAttributeNames()) {
    if (!node.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  }
  for (const name of node.getAttributeNames()) {
    if (old.getAttribute(name) !== node.getAttribute(name)) old.setAttribute(name, node.getAttribute(name));
  }
  // The clock's words are the page's own from second to second.
  if (old.dataset?.since && old.dataset.since === node.dataset.since) return;
  fit(old, node);
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
