// Passkeys (WebAuthn): what no form can do by itself. Without this file, or where a browser knows no passkeys, its forms stay hidden and every other
// way works. What a passkey answers goes to the server in an ordinary form, which carries the page's token and gets an ordinary answer.

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

// The challenge lives for five minutes.
const fresh = 4 * 60 * 1000;
const opened = Date.now();
const forms = [...document.querySelectorAll("form[data-passkey]")];

let waiting; // what the browser offers in the list of names meanwhile; two requests at once are one too many

function read(options) {
  const known = { ...options, challenge: bytes(options.challenge) };
  if (options.user) {
    known.user = { ...options.user, id: bytes(options.user.id) };
  }
  for (const list of ["allowCredentials", "excludeCredentials"]) {
    known[list] = options[list]?.map((one) => ({ ...one, id: bytes(one.id) }));
  }
  return known;
}

function write(credential) {
  const response = {};
  for (const member of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[member]) {
      response[member] = text(credential.response[member]);
    }
  }
  if (credential.response.getTransports) {
    response.transports = credential.response.getTransports();
  }
  return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response, clientExtensionResults: {} });
}

// Null where the page has grown too old to ask.
async function ask(form) {
  if (form.dataset.request) {
    return Date.now() - opened < fresh ? read(JSON.parse(form.dataset.request)) : null;
  }
  const answer = await fetch(form.dataset.options, { headers: { Accept: "application/json" } });
  return answer.ok && !answer.redirected ? read(await answer.json()) : null;
}

function send(form, credential) {
  form.elements.credential.value = write(credential);
  form.submit();
}

function complain(form, fault) {
  delete form.dataset.sent;
  form.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
  const note = form.querySelector("[data-passkey-error]");
  note.textContent = fault.name === "InvalidStateError" ? form.dataset.known : form.dataset.failed;
  note.hidden = false;
}

async function press(form) {
  waiting?.abort();
  form.querySelector("[data-passkey-error]").hidden = true;
  try {
    const publicKey = await ask(form);
    if (!publicKey) {
      location.reload();
      return;
    }
    send(form, await (form.dataset.passkey === "add" ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey })));
  } catch (fault) {
    complain(form, fault);
    offer(form);
  }
}

// The browser shows passkeys among the names that it knows, and says nothing until one is chosen.
async function offer(form) {
  if (form.dataset.passkey !== "sign-in") {
    return;
  }
  const mine = new AbortController();
  waiting = mine;
  try {
    if (await PublicKeyCredential.isConditionalMediationAvailable?.()) {
      const publicKey = await ask(form);
      if (publicKey && !mine.signal.aborted) {
        const renew = setTimeout(() => { mine.abort(); offer(form); }, fresh);
        mine.signal.addEventListener("abort", () => clearTimeout(renew));
        send(form, await navigator.credentials.get({ publicKey, mediation: "conditional", signal: mine.signal }));
      }
    }
  } catch {
    // Nobody asked for it: whoever presses the button is told.
  }
}

if (globalThis.PublicKeyCredential) {
  for (const form of forms) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      press(form);
    });
    offer(form);
  }
  document.querySelectorAll("[data-passkey-without]").forEach((note) => { note.hidden = true; });

  // The keeper of the passkeys hears which are still good and what their owner is called now, so that it offers none that was removed.
  const told = document.querySelector("[data-passkey-signal]");
  if (told) {
    const { rpId, userId, allAcceptedCredentialIds, name, displayName } = JSON.parse(told.dataset.passkeySignal);
    PublicKeyCredential.signalAllAcceptedCredentials?.({ rpId, userId, allAcceptedCredentialIds }).catch(() => {});
    PublicKeyCredential.signalCurrentUserDetails?.({ rpId, userId, name, displayName }).catch(() => {});
  }
}
