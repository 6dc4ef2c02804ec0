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
  if (revision > 0) {
    const known = await store.match(key);
    if (known && (await known.json()).revision >= revision) return; // older, or told already
  }
  const options = {
    body: n.body,
    lang: n.lang,
    dir: n.dir,
    tag: n.tag,
    silent: n.silent === true,
    renotify: n.renotify === true && Boolean(n.tag) && n.silent !== true,
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
    await store.put(key, Response.json({ revision }));
    await forgetOld(store);
  }
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
// telephone number is handed to the system; where that is not allowed, the page
// with the number is opened instead.
async function open(target, page) {
  if (target.startsWith("tel:")) {
    try {
      return await self.clients.openWindow(target);
    } catch {
      target = page;
    }
  }
  if (!/^https?:/.test(target)) return;
  for (const client of await self.clients.matchAll({ type: "window", includeUncontrolled: true })) {
    if (client.url === target) return client.focus();
  }
  return self.clients.openWindow(target);
}

// The browser may end a subscription of its own accord. The citizen's choice is
// kept on the device, so the new one gets the same regions without asking.
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renew(event)));

async function renew({ oldSubscription, newSubscription }) {
  const store = await caches.open(STORE);
  const kept = await store.match(CHOICE);
  if (!kept) return;
  const { regions, lang } = await kept.json();
  let subscription = newSubscription;
  if (!subscription) {
    const { key } = await (await fetch(API + "key")).json();
    subscription = await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  }
  await send("POST", { subscription, regions, lang });
  if (oldSubscription && oldSubscription.endpoint !== subscription.endpoint) {
    await send("DELETE", { endpoint: oldSubscription.endpoint });
  }
}

function send(method, body) {
  return fetch(API + "subscriptions", {
    method,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}
