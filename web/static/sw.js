// The service worker: shows what the server pushes, and nothing else. It has no
// fetch handler, so it never stands between a page and the network.
//
// A push is a declarative message ("web_push": 8030). Browsers that know the
// standard show it without this script; for the others it says the same words.
// Beside the words, "tocsin" names case and revision, so that an older revision
// that comes late is never shown over a newer one.
"use strict";

const STORE = "tocsin-push"; // shared with push.js: what the citizen chose
const SHOWN = "/-/push/shown/"; // + tag: the newest revision shown of a case
const CHOICE = "/-/push/choice";
const TESTED = "/-/push/tested"; // {at}: the last test that was shown
const MAX_SHOWN = 200; // cases remembered; the oldest go first
const API = "/v1/push/";

// One push after the other: two revisions that arrive together must not both
// find that they are the newest.
let queue = Promise.resolve();
const inTurn = (job) => (queue = queue.then(job, job));

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => {
  let message;
  try {
    message = event.data.json();
  } catch {
    return; // not ours: nothing can be said of it
  }
  if (message?.web_push !== 8030 || typeof message.notification?.title !== "string") return;
  event.waitUntil(inTurn(() => show(message)));
});

async function show({ notification: n, tocsin = {} }) {
  const revision = Number(tocsin.revision) || 0;
  const store = await caches.open(STORE);
  const key = SHOWN + encodeURIComponent(n.tag || "");
  const words = JSON.stringify([n.title, n.body, n.image]);
  let changed = true;
  if (revision > 0) {
    const known = await (await store.match(key))?.json();
    if (known?.revision >= revision) return; // older, or told already
    changed = known?.words !== words; // a revision may change nothing that a citizen sees
  }
  const silent = n.silent === true || !changed;
  const options = {
    body: n.body,
    lang: n.lang,
    dir: n.dir,
    tag: n.tag,
    silent,
    renotify: n.renotify === true && Boolean(n.tag) && !silent,
    requireInteraction: n.requireInteraction === true,
    data: {
      navigate: n.navigate,
      actions: Object.fromEntries((n.actions || []).map((a) => [a.action, a.navigate])),
      identifier: tocsin.identifier,
      revision,
      msg_type: tocsin.msg_type,
    },
    actions: (n.actions || []).map(({ action, title }) => ({ action, title })),
  };
  if (n.image) options.image = n.image;
  await self.registration.showNotification(n.title, options);
  if (revision > 0) {
    // After showing, not before: a revision that could not be shown must not count as told.
    await store.put(key, Response.json({ revision, words }));
    await forgetOld(store);
  }
  if (tocsin.test) await tested(store, tocsin.test);
}

// tested says that a test was shown: to the pages that are open, to those opened
// later, and to the server by the token that came with it.
async function tested(store, token) {
  const at = Date.now();
  await store.put(TESTED, Response.json({ at }));
  for (const page of await self.clients.matchAll({ type: "window", includeUncontrolled: true })) {
    page.postMessage({ tocsin: "tested", at });
  }
  await send("POST", "test/shown", { token }).catch(() => {}); // the device knows it all the same
}

async function forgetOld(store) {
  const shown = (await store.keys()).filter((r) => new URL(r.url).pathname.startsWith(SHOWN));
  for (const request of shown.slice(0, Math.max(0, shown.length - MAX_SHOWN))) await store.delete(request);
}

self.addEventListener("notificationclick", (event) => {
  const { navigate, actions = {} } = event.notification.data || {};
  const target = (event.action && actions[event.action]) || navigate;
  event.notification.close();
  if (target) event.waitUntil(open(target, navigate));
});

// open goes to the page, in the tab that has it already if there is one. A
// number to call is dialled by the page: only pages may do that, and there the
// citizen sees it again should he have no telephone in his hand.
async function open(target, page) {
  if (target.startsWith("tel:")) target = page + "#call";
  if (!/^https?:/.test(target)) return;
  for (const client of await self.clients.matchAll({ type: "window", includeUncontrolled: true })) {
    if (client.url === target) return client.focus();
  }
  return self.clients.openWindow(target);
}

// The browser may end a subscription of its own accord. The citizen's choice is
// kept on the device, so the new one gets the same without asking; one request
// puts it in the old one's place.
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renew(event)));

async function renew({ oldSubscription, newSubscription }) {
  const store = await caches.open(STORE);
  const kept = await (await store.match(CHOICE))?.json();
  if (!kept) return;
  const { regions, lang, quiet, calm, endpoint } = kept;
  let subscription = newSubscription;
  if (!subscription) {
    const { key } = await (await fetch(API + "key")).json();
    subscription = await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  }
  const replaces = endpoint || oldSubscription?.endpoint;
  const answer = await send("POST", "subscriptions", { subscription, regions, lang, quiet, calm, replaces });
  if (!answer.ok) return; // the next visit of any page tries again
  const day = new Date().toISOString().slice(0, 10);
  await store.put(CHOICE, Response.json({ ...kept, endpoint: subscription.endpoint, day }));
}

function send(method, path, body) {
  return fetch(API + path, {
    method,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}
