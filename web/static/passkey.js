// Asks the browser for a passkey's answer and sends it with the form, in its
// field "answer". A form says by data-passkey whether a key is made or used; what
// to ask it comes from the address in data-from, or lies on the form itself.
// Forms that cannot work without this script stay hidden without it.
const bytes = (s) => Uint8Array.from(atob(s.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));

function text(buffer) {
  const raw = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(raw).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

// ask says who asks by the form's ticket, where it has one: in the body, for addresses are logged.
async function ask(form) {
  const options = { headers: { Accept: "application/json" }, redirect: "error" };
  const { ticket } = form.elements;
  if (ticket) Object.assign(options, { method: "POST", body: new URLSearchParams({ ticket: ticket.value }) });
  const answer = await fetch(form.dataset.from, options);
  if (!answer.ok) throw new Error(`the server said ${answer.status}`);
  return answer.json();
}

async function create(form) {
  const { publicKey } = await ask(form);
  publicKey.challenge = bytes(publicKey.challenge);
  publicKey.user.id = bytes(publicKey.user.id);
  for (const known of publicKey.excludeCredentials || []) known.id = bytes(known.id);
  const made = await navigator.credentials.create({ publicKey });
  const { clientDataJSON, attestationObject } = made.response;
  const transports = made.response.getTransports ? made.response.getTransports() : [];
  return sealed(made, { clientDataJSON: text(clientDataJSON), attestationObject: text(attestationObject), transports });
}

async function get(form) {
  const { challenge, host, keys } = form.dataset.from ? await ask(form) : form.dataset;
  const publicKey = { challenge: bytes(challenge), rpId: host, userVerification: "required" };
  if (keys) publicKey.allowCredentials = keys.split(" ").map((id) => ({ type: "public-key", id: bytes(id) }));
  const said = await navigator.credentials.get({ publicKey });
  const { clientDataJSON, authenticatorData, signature, userHandle } = said.response;
  const response = { clientDataJSON: text(clientDataJSON), authenticatorData: text(authenticatorData), signature: text(signature) };
  if (userHandle) response.userHandle = text(userHandle);
  return sealed(said, response);
}

function sealed(key, response) {
  return JSON.stringify({ id: key.id, rawId: text(key.rawId), type: key.type, clientExtensionResults: {}, response });
}

const ways = { create, get };

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) break;
  form.hidden = false;
  const around = form.closest("[data-needs-passkey]");
  if (around) around.hidden = false;
  const failed = form.querySelector("[data-failed]");
  let busy = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    failed.hidden = true;
    try {
      form.elements.answer.value = await ways[form.dataset.passkey](form);
      form.submit();
    } catch {
      failed.hidden = false;
    }
    busy = false;
  });
}
