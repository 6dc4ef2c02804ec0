// Tells the Go test what the page and the browser show, and presses the
// buttons that the test asks for.
const status = document.querySelector("[data-push-status]");
const result = document.querySelector("[data-push-result]");
const form = document.querySelector("[data-push-form]");

async function look() {
  const registration = await navigator.serviceWorker.getRegistration("/sw.js");
  const shown = (await registration?.getNotifications()) || [];
  return {
    state: status.dataset.pushState || "",
    words: status.textContent,
    result: result.dataset.pushState || "",
    checks: [...document.querySelectorAll("[data-check]")].map((c) => c.dataset.check + "=" + c.dataset.state).join(" "),
    visible: [...form.querySelectorAll("button")].filter((b) => !b.hidden).map((b) => b.dataset.push),
    shown: shown.map((n) => ({
      title: n.title, body: n.body, tag: n.tag, lang: n.lang, dir: n.dir,
      silent: n.silent, image: n.image || "", data: n.data,
    })),
  };
}

for (;;) {
  const answer = await fetch("/tick", { method: "POST", body: JSON.stringify(await look()) });
  const { press } = await answer.json();
  if (press === "reload") {
    location.reload();
    await new Promise(() => {}); // this page has said its last word
  }
  if (press === "end") {
    // The browser ends the subscription of its own accord, behind the page's back.
    const registration = await navigator.serviceWorker.ready;
    await (await registration.pushManager.getSubscription()).unsubscribe();
    status.dataset.pushState = "ended";
  } else if (press) form.requestSubmit(form.querySelector(`[data-push=${press}]`));
  await new Promise((done) => setTimeout(done, 150));
}
