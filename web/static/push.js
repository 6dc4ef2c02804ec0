// Alerts on this device. On every page it makes sure, once a day, that what the
// citizen chose still stands at the browser and at the server; on the page of
// alerts it serves the form. No account, no cookie: the choice is kept on the
// device and at the server.
//
// The page is marked up, without words or script of its own:
//
//   <form data-push-form data-push-lang="en"> name=regions, quiet, from, to, calm
//   <button data-push="subscribe|unsubscribe|test">   of the form, anywhere on the page
//   <p data-push-status data-text-on="..." data-text-off="...">
//   <li data-check="can|allowed|worker|address|server">   data-state becomes ok, bad or wait
//   <p data-push-result data-text-sent="..." data-text-shown="... {at}">
//   <section data-push-live hidden> <ul>   the live alerts for the chosen areas
//   <p data-push-dead hidden>   on every page: alerts have stopped by themselves
"use strict";

const WORKER = "/sw.js"; // at the root: a worker governs only what lies beside and below it
const STORE = "tocsin-push"; // shared with sw.js
const CHOICE = "/-/push/choice"; // {regions, lang, quiet, calm, endpoint, day}
const TEST = "/-/push/test"; // {id, at}: the last test that was sent
const TESTED = "/-/push/tested"; // {at}: the last one that was shown; the worker writes it
const API = "/v1/push/";
const PATIENCE = 30e3; // ms until a test counts as late; real ones take one to five seconds
const FORGET = 300e3; // ms that the server remembers a test

// PushError says in a word why something did not work; the page has the sentence.
class PushError extends Error {
  constructor(code, detail = "") {
    super(detail || code);
    this.code = code; // unsupported, denied, no_regions, offline, busy, refused, gone
  }
}

const supported = () => "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
const today = () => new Date().toISOString().slice(0, 10);

// apple is an iPhone or iPad whose browser takes notifications only for sites on the home screen.
const apple = () => /iP(hone|ad|od)/.test(navigator.userAgent) || (navigator.platform === "MacIntel" && navigator.maxTouchPoints > 1);

async function read(key) {
  const kept = await (await caches.open(STORE)).match(key);
  return kept ? kept.json() : {};
}

async function write(key, value) {
  await (await caches.open(STORE)).put(key, Response.json(value));
}

async function drop(...keys) {
  const store = await caches.open(STORE);
  for (const key of keys) await store.delete(key);
}

// look is what the browser itself has now.
async function look() {
  if (!supported()) return { supported: false, permission: "denied" };
  const registration = await navigator.serviceWorker.getRegistration(WORKER);
  const subscription = await registration?.pushManager.getSubscription();
  return { supported: true, permission: Notification.permission, worker: Boolean(registration?.active), subscription };
}

// attach subscribes at the browser's push service, or keeps what there is. A
// subscription made with another key of the server can never receive anything.
async function attach() {
  const { key } = await call("GET", "key");
  await navigator.serviceWorker.register(WORKER, { updateViaCache: "none" });
  const { pushManager } = await navigator.serviceWorker.ready;
  const existing = await pushManager.getSubscription();
  if (existing && base64url(existing.options.applicationServerKey) === key) return existing;
  if (existing) await existing.unsubscribe();
  return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
}

// tell gives the server the choice, and the device remembers it only then. An
// endpoint that is not the one it last told is replaced in the same request.
async function tell(subscription, { regions, lang, quiet, calm, endpoint }) {
  const replaces = endpoint && endpoint !== subscription.endpoint ? endpoint : undefined;
  const known = await call("POST", "subscriptions", { subscription, regions, lang, quiet, calm, replaces });
  await write(CHOICE, { regions, lang, quiet, calm, endpoint: subscription.endpoint, day: today() });
  return known;
}

async function subscribe(choice) {
  if (!supported()) throw new PushError("unsupported");
  if (!choice.regions.length) throw new PushError("no_regions");
  if ((await Notification.requestPermission()) !== "granted") throw new PushError("denied");
  const { endpoint } = await read(CHOICE);
  return tell(await attach(), { ...choice, endpoint });
}

// reconcile holds what the citizen chose against what the browser and the server
// have, and mends it. A server that is away is asked again another day; only what
// cannot be mended here makes it dead.
async function reconcile(always) {
  if (!("caches" in window)) return { word: "unsupported" };
  const kept = await read(CHOICE);
  const device = await look();
  if (!kept.regions?.length) return { kept, device, word: "" };
  if (!device.supported || device.permission !== "granted") return { kept, device, word: "dead" };
  if (!always && kept.day === today() && kept.endpoint === device.subscription?.endpoint) return { kept, device, word: "on" };
  try {
    const known = await tell(await attach(), kept);
    return { kept, device: await look(), known, word: "on" };
  } catch (error) {
    const code = error instanceof PushError ? error.code : "dead";
    return { kept, device, word: code === "refused" ? "dead" : code };
  }
}

// unsubscribe ends it here and at the server. The server first: if that fails
// the citizen sees it and can try again.
async function unsubscribe() {
  const { endpoint } = await read(CHOICE);
  const { subscription } = await look();
  for (const address of new Set([subscription?.endpoint, endpoint])) {
    if (address) await call("DELETE", "subscriptions", { endpoint: address });
  }
  await subscription?.unsubscribe();
  await drop(CHOICE, TEST, TESTED);
}

// test has the server send a notification to this device alone. The proof shows
// that the device itself asks: only it and the server have the secret.
async function test() {
  const { subscription } = await look();
  if (!subscription) throw new PushError("gone");
  const { endpoint } = subscription;
  const { challenge } = await call("POST", "test", { endpoint });
  const key = await crypto.subtle.importKey("raw", subscription.getKey("auth"), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const proof = base64url(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(challenge)));
  const sent = { at: Date.now() };
  ({ test: sent.id } = await call("POST", "test", { endpoint, challenge, proof }));
  await write(TEST, sent);
  return sent;
}

// shown waits until the test has been shown: by the worker's word, by what it
// left on the device, or by what it told the server.
async function shown(sent) {
  const { at } = await read(TESTED);
  if (at >= sent.at) return at;
  const answer = await call("GET", "test/" + sent.id).catch(() => ({}));
  return answer.state === "shown" ? Date.parse(answer.shown_at) : 0;
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
  const code = { 404: "gone", 410: "gone", 429: "late", 502: "service" }[response.status];
  throw new PushError(code || (response.status >= 500 ? "failed" : "refused"), answer.detail);
}

function base64url(buffer) {
  const text = String.fromCharCode(...new Uint8Array(buffer || []));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

// say puts the sentence for word, which the page holds, into an element.
function say(element, word, at) {
  const key = "text" + word[0].toUpperCase() + word.slice(1);
  const time = at && new Date(at).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "medium" });
  element.textContent = (element.dataset[key] || element.dataset.textFailed).replace("{at}", time || "");
  element.dataset.pushState = word;
}

// wire joins the form to the functions above.
async function wire(form) {
  const status = document.querySelector("[data-push-status]");
  const result = document.querySelector("[data-push-result]");
  const buttons = [...form.elements].filter((e) => e.dataset.push);
  let waiting = 0;

  const choice = () => {
    const data = new FormData(form);
    const quiet = data.get("quiet") && { from: data.get("from"), to: data.get("to"), zone: Intl.DateTimeFormat().resolvedOptions().timeZone };
    return {
      regions: data.getAll("regions"), calm: Boolean(data.get("calm")), quiet: quiet || undefined,
      lang: form.dataset.pushLang || document.documentElement.lang,
    };
  };
  const show = async ({ kept = {}, device, known, word }) => {
    const on = word === "on";
    for (const button of buttons) {
      const wanted = { subscribe: true, unsubscribe: kept.regions, test: on }[button.dataset.push];
      button.hidden = !device?.supported || !wanted;
      if (button.dataset.textOn && on) button.textContent = button.dataset.textOn;
      if (button.dataset.textOff && !on) button.textContent = button.dataset.textOff;
    }
    for (const part of document.querySelectorAll("[data-push-if]")) part.hidden = part.dataset.pushIf !== (kept.regions ? "on" : "off");
    const checks = {
      can: device?.supported, allowed: device?.permission === "granted", worker: device?.worker,
      address: Boolean(device?.subscription), server: on && (known || kept.day === today()),
    };
    let broken = false; // what rests on a broken link cannot be judged
    for (const item of document.querySelectorAll("[data-check]")) {
      item.dataset.state = broken ? "wait" : checks[item.dataset.check] ? "ok" : "bad";
      broken ||= item.dataset.state === "bad";
    }
    if (word) return say(status, word);
    if (device?.supported) return say(status, device.permission === "denied" ? "denied" : "off");
    say(status, apple() ? "install" : "unsupported");
    for (const details of document.querySelectorAll("[data-push-install]")) details.open = apple();
  };
  const follow = async (sent) => {
    clearInterval(waiting);
    const step = async (at = 0) => {
      at = at || (await shown(sent));
      if (at) say(result, "shown", at);
      else if (Date.now() - sent.at > PATIENCE) say(result, "late");
      if (at || Date.now() - sent.at > FORGET) clearInterval(waiting);
    };
    navigator.serviceWorker.onmessage = ({ data }) => data?.tocsin === "tested" && data.at >= sent.at && step(data.at);
    navigator.serviceWorker.startMessages();
    waiting = setInterval(step, 2500);
    return step();
  };
  const acts = {
    subscribe: async () => {
      const known = await subscribe(choice());
      await show({ kept: await read(CHOICE), device: await look(), known, word: "on" });
      await live((await read(CHOICE)).regions, form.dataset.pushLang);
    },
    unsubscribe: async () => {
      await unsubscribe();
      await show({ device: await look(), word: "" });
      delete result.dataset.pushState;
      result.textContent = "";
    },
    test: async () => {
      say(result, "busy");
      const sent = await test();
      say(result, "sent");
      await follow(sent);
    },
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const act = event.submitter?.dataset.push || "subscribe";
    const place = act === "test" ? result : status;
    say(place, "busy");
    for (const button of buttons) button.disabled = true;
    try {
      await acts[act]();
    } catch (error) {
      say(place, error instanceof PushError ? error.code : "failed");
    }
    for (const button of buttons) button.disabled = false;
  });

  const found = await reconcile(true);
  await fill(form, found.kept || {});
  await show(found);
  if (!found.kept?.regions) return;
  await live(found.kept.regions, form.dataset.pushLang);
  const sent = await read(TEST);
  if (sent.at && found.word === "on") await follow(sent); // an old success must not stand beside a fresh failure
}

// fill puts the kept choice into the form. An area of another country gets a line of its own.
async function fill(form, { regions = [], quiet, calm }) {
  for (const code of regions) {
    let box = form.querySelector(`[name=regions][value="${CSS.escape(code)}"]`);
    if (!box) {
      box = Object.assign(document.createElement("input"), { type: "checkbox", name: "regions", value: code, id: "r-" + code });
      const label = Object.assign(document.createElement("label"), { htmlFor: box.id, textContent: await nameOf(code, form.dataset.pushLang) });
      const line = Object.assign(document.createElement("div"), { className: "choice" });
      line.append(box, label);
      form.querySelector("[data-push-others]")?.append(line);
    }
    box.checked = true;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  }
  if (form.elements.calm) form.elements.calm.checked = Boolean(calm);
  if (form.elements.quiet && quiet) {
    form.elements.quiet.checked = true;
    form.elements.from.value = quiet.from;
    form.elements.to.value = quiet.to;
  }
}

async function nameOf(code, lang) {
  const country = code.length > 2 ? "&country=" + code.slice(0, 2) : "";
  const answer = await fetch(`/v1/regions?lang=${lang}${country}`).then((r) => r.json()).catch(() => ({}));
  return answer.regions?.find((r) => r.code === code)?.name || code;
}

// live shows at once what is being searched for in the chosen areas.
async function live(regions, lang) {
  const place = document.querySelector("[data-push-live]");
  if (!place) return;
  const { alerts = [] } = await fetch("/v1/alerts").then((r) => r.json()).catch(() => ({}));
  const covers = (wide, code) => wide === code || code.startsWith(wide + "-");
  const meant = alerts.filter((a) => a.areas.some(({ code }) => regions.some((r) => covers(r, code) || covers(code, r))));
  place.querySelector("ul").replaceChildren(...meant.map((a) => {
    const own = a.texts[lang] ? lang : a.languages[0];
    const link = Object.assign(document.createElement("a"), { href: `/${lang}/alerts/${a.case}`, lang: own, textContent: a.texts[own].headline });
    const item = document.createElement("li");
    item.append(link);
    return item;
  }));
  place.hidden = !meant.length;
}

const form = document.querySelector("[data-push-form]");
if (form) wire(form).catch(() => say(document.querySelector("[data-push-status]"), "failed"));
else {
  const dead = document.querySelector("[data-push-dead]");
  reconcile(false).then(({ word }) => { if (dead) dead.hidden = word !== "dead"; }, () => {});
}
