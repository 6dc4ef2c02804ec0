// Fills the board while receipts come in. The server writes the board's part;
// this only hears that it changed and fetches it anew, one at a time. It says so
// as soon as it is not sure that what it shows is the newest.
const board = document.querySelector("[data-live]");
const dot = document.querySelector("[data-live-state]");
const SILENT = 25e3; // ms without a word of the server: two heartbeats and a half
const PATIENCE = 15e3; // ms: an answer that is slower than this is as good as none
const PAUSE = 2e3; // ms before what failed is tried again

let heard = Date.now();
let events;
let open = false; // the stream of events
let whole = true; // what is drawn is the newest that was told of
let busy = false;
let again = false;
let next = 0; // the timer of the next fetch

function say() {
  const alive = open && whole;
  dot.hidden = false;
  dot.classList.toggle("off", !alive);
  dot.textContent = alive ? dot.dataset.alive : dot.dataset.lost;
}

async function refresh() {
  if (busy) {
    again = true;
    return;
  }
  clearTimeout(next);
  busy = true;
  again = false;
  try {
    const answer = await fetch(board.dataset.part, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(PATIENCE) });
    if (answer.redirected || answer.status === 401) return location.reload(); // signed out meanwhile
    if (!answer.ok) throw new Error(`the server said ${answer.status}`);
    swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
    whole = true;
  } catch {
    whole = false;
  }
  busy = false;
  say();
  if (!whole) next = setTimeout(refresh, PAUSE);
  else if (again) next = setTimeout(refresh, 250);
}

// swap changes only what is new, so that nothing flickers on a wall, and whoever
// reads, has opened a detail or presses Tab in the part keeps the place. What is
// new comes as a page of its own: the title, and each place by its id.
function swap(doc) {
  const focus = board.contains(document.activeElement) ? document.activeElement : null;
  if (document.title !== doc.title) document.title = doc.title;
  for (const place of doc.body.children) fit(document.getElementById(place.id), place);
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
  // The clock's words are the page's own from second to second.
  const runs = old.dataset?.since && old.dataset.since === node.dataset.since;
  for (const name of old.getAttributeNames()) {
    if (!node.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  }
  for (const name of node.getAttributeNames()) {
    if (old.getAttribute(name) !== node.getAttribute(name)) old.setAttribute(name, node.getAttribute(name));
  }
  if (!runs) fit(old, node);
}

// listen opens the stream. Its first event is the board as it is by then: what
// came since the page was written, or while the line was away, is fetched.
function listen() {
  events?.close();
  heard = Date.now();
  events = new EventSource(board.dataset.live);
  events.addEventListener("open", hear);
  events.addEventListener("heartbeat", hear);
  events.addEventListener("board", () => {
    hear();
    refresh();
  });
  events.addEventListener("error", lose);
}

function hear() {
  heard = Date.now();
  open = true;
  say();
}

// lose says that nothing is heard. A stream that breaks comes back by itself; one
// that is refused does not: the next fetch finds out whether it is the sign-in.
function lose() {
  open = false;
  say();
  if (events.readyState !== EventSource.CLOSED) return;
  refresh();
  setTimeout(listen, PAUSE);
}

// A pulled cable and a frozen machine close nothing: only the silence tells.
function watch() {
  if (Date.now() - heard < SILENT) return;
  open = false;
  say();
  listen();
}

listen();
setInterval(watch, 1000);
addEventListener("pagehide", () => events.close());
// A page that comes back from the browser's memory is as old as its leaving.
addEventListener("pageshow", (e) => e.persisted && location.reload());
