// Subscribing to alerts on this device: state, subscribe, unsubscribe, test.
// No account, no cookie; the choice of regions stays on the device and at the server.
//
// A page uses it by marking up a form, without script of its own:
//
//   <form data-push-form data-push-lang="en">
//     <input type="checkbox" name="regions" value="BE-VAN"> ...
//     <button data-push="subscribe">   <button data-push="unsubscribe" hidden>
//     <button data-push="test" hidden>
//   </form>
//   <p data-push-status role="status" data-text-on="..." data-text-off="..."></p>
//
// The form's buttons without data-push subscribe. data-push-worker names the
// service worker, /sw.js by default: it must lie at the root, for a worker
// governs only what lies beside and below it.

const STORE = "tocsin-push"; // shared with sw.js
const CHOICE = "/-/push/choice";
const API = "/v1/push/";

let worker = "/sw.js";

// PushError says in a word why something did not work; the page has the sentence.
export class PushError extends Error {
  constructor(code, detail = "") {
    super(detail || code);
    this.code = code; // unsupported, denied, no_regions, offline, refused, gone
  }
}

const supported = () => "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

// state tells what this device has now:
// { supported, permission, subscribed, regions, lang }.
export async function state() {
  if (!supported()) return { supported: false, permission: "denied", subscribed: false, regions: [], lang: "" };
  const registration = await navigator.serviceWorker.getRegistration(worker);
  const subscription = await registration?.pushManager.getSubscription();
  const { regions = [], lang = "" } = await readChoice();
  return { supported: true, permission: Notification.permission, subscribed: Boolean(subscription), regions, lang };
}

// subscribe asks for leave, subscribes at the browser's push service and tells
// the server. Called again it changes regions and language.
export async function subscribe({ regions, lang }) {
  if (!supported()) throw new PushError("unsupported");
  if (!regions?.length) throw new PushError("no_regions");
  if ((await Notification.requestPermission()) !== "granted") throw new PushError("denied");
  const { key } = await call("GET", "key");
  await navigator.serviceWorker.register(worker, { updateViaCache: "none" });
  const { pushManager } = await navigator.serviceWorker.ready;
  const subscription = await subscribeWith(pushManager, key);
  await call("POST", "subscriptions", { subscription, regions, lang });
  await writeChoice({ regions, lang });
  return state();
}

// subscribeWith keeps a subscription made with the server's present key; one
// made with another key can never receive anything and is ended first.
async function subscribeWith(pushManager, key) {
  const existing = await pushManager.getSubscription();
  if (existing) {
    if (base64url(existing.options.applicationServerKey) === key) return existing;
    await existing.unsubscribe();
  }
  return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
}

// unsubscribe ends it here and at the server. The server first: if that fails
// the citizen sees it and can try again.
export async function unsubscribe() {
  const subscription = await current();
  if (subscription) {
    await call("DELETE", "subscriptions", { endpoint: subscription.endpoint });
    await subscription.unsubscribe();
  }
  await (await caches.open(STORE)).delete(CHOICE);
  return state();
}

// test has the server send a quiet notification to this device alone.
export async function test() {
  const subscription = await current();
  if (!subscription) throw new PushError("gone");
  return call("POST", "test", { endpoint: subscription.endpoint });
}

async function current() {
  if (!supported()) throw new PushError("unsupported");
  const registration = await navigator.serviceWorker.getRegistration(worker);
  return registration?.pushManager.getSubscription();
}

async function call(method, path, body) {
  let response;
  try {
    response = await fetch(API + path, {
      method,
      headers: body && { "Content-Type": "application/json" },
      body: body && JSON.stringify(body),
    });
  } catch {
    throw new PushError("offline");
  }
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  throw new PushError(response.status === 404 || response.status === 410 ? "gone" : "refused", answer.detail);
}

async function readChoice() {
  const kept = await (await caches.open(STORE)).match(CHOICE);
  return kept ? kept.json() : {};
}

async function writeChoice(choice) {
  await (await caches.open(STORE)).put(CHOICE, Response.json(choice));
}

function base64url(buffer) {
  const text = String.fromCharCode(...new Uint8Array(buffer || []));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

// wire joins a form to the functions above.
function wire(form) {
  worker = form.dataset.pushWorker || worker;
  const status = document.querySelector("[data-push-status]");
  const say = (word, detail) => {
    if (!status) return;
    status.textContent = status.dataset["text" + word[0].toUpperCase() + word.slice(1)] || detail || "";
    status.dataset.pushState = word;
  };
  const refresh = async (word) => {
    const now = await state();
    for (const button of form.querySelectorAll("[data-push]")) {
      button.hidden = !now.supported || (button.dataset.push !== "subscribe" && !now.subscribed);
    }
    for (const box of form.querySelectorAll("[name=regions]")) {
      if (now.regions.includes(box.value)) box.checked = true;
    }
    say(word || (!now.supported ? "unsupported" : now.permission === "denied" ? "denied" : now.subscribed ? "on" : "off"));
  };
  const acts = {
    subscribe: async () => {
      const regions = new FormData(form).getAll("regions").filter(Boolean);
      await subscribe({ regions, lang: form.dataset.pushLang || document.documentElement.lang });
    },
    unsubscribe,
    test: async () => (await test(), "tested"),
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const act = event.submitter?.dataset.push || "subscribe";
    say("busy");
    try {
      const word = await acts[act]();
      await refresh(typeof word === "string" ? word : "");
    } catch (error) {
      say(error.code && typeof error.code === "string" ? error.code : "failed", error.message);
    }
  });
  return refresh().catch(() => say("failed"));
}

if (typeof document !== "undefined") {
  for (const form of document.querySelectorAll("[data-push-form]")) wire(form);
}
