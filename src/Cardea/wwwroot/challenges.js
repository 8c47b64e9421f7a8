// A proof of work, asked for while the server is under attack. Without this file one waits instead (docs/guides/floods.md). The work is done in slices of a few
// milliseconds, so that the page stays alive, and in advance as soon as somebody types.

const fresh = 90 * 1000; // a challenge lives for two minutes
const slice = 12; // milliseconds

// SHA-256 of one block, FIPS 180-4: `challenge.nonce` has at most 55 bytes. crypto.subtle answers by promises, which cost more than the hash.
const K = new Int32Array(64);
const first = new Int32Array(8);
for (let number = 2, found = 0; found < 64; number++) {
  let prime = true;
  for (let factor = 2; factor * factor <= number; factor++) {
    prime &&= number % factor !== 0;
  }
  if (prime) {
    if (found < 8) {
      first[found] = (number ** (1 / 2) % 1) * 2 ** 32;
    }
    K[found++] = (number ** (1 / 3) % 1) * 2 ** 32;
  }
}

const W = new Int32Array(64);

// The first 32 bits of the hash of what W holds.
function begin() {
  for (let t = 16; t < 64; t++) {
    const x = W[t - 15], y = W[t - 2];
    W[t] = W[t - 16] + W[t - 7] + (((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)) + (((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10));
  }
  let a = first[0], b = first[1], c = first[2], d = first[3], e = first[4], f = first[5], g = first[6], h = first[7];
  for (let t = 0; t < 64; t++) {
    const one = (h + (((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))) + ((e & f) ^ (~e & g)) + K[t] + W[t]) | 0;
    const two = ((((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + one) | 0; d = c; c = b; b = a; a = (one + two) | 0;
  }
  return (a + first[0]) >>> 0;
}

// The block of `value.`, and where in it the nonce begins.
const block = new Int32Array(16);

function load(value) {
  block.fill(0);
  for (let at = 0; at <= value.length; at++) {
    block[at >> 2] |= (value.charCodeAt(at) || 46) << (24 - (at % 4) * 8);
  }
  return value.length + 1;
}

function append(at, nonce) {
  for (let t = 0; t < 16; t++) {
    W[t] = block[t];
  }
  let length = 1;
  for (let rest = nonce; rest > 9; rest = (rest / 10) | 0) {
    length++;
  }
  const end = at + length;
  W[end >> 2] |= 0x80 << (24 - (end % 4) * 8);
  for (let place = end - 1, rest = nonce; place >= at; place--, rest = (rest / 10) | 0) {
    W[place >> 2] |= (48 + rest % 10) << (24 - (place % 4) * 8);
  }
  W[15] = end * 8;
}

const channel = new MessageChannel();
const breathe = () => new Promise((next) => { channel.port1.onmessage = next; channel.port2.postMessage(0); });

export async function solve({ value, bits }) {
  const most = 2 ** (32 - bits), at = load(value);
  let nonce = 0;
  for (;;) {
    const until = performance.now() + slice;
    while (performance.now() < until) {
      for (const stop = nonce + 256; nonce < stop; nonce++) {
        append(at, nonce);
        if (begin() < most) {
          return `${value}.${nonce}`;
        }
      }
    }
    await breathe();
  }
}

let turn = Promise.resolve(); // one at a time: they share W

// Null where there is nothing to do.
function work(purpose) {
  const begun = Date.now();
  const answer = turn.then(async () => {
    const told = await fetch(`/auth/challenge?for=${purpose}`, { headers: { Accept: "application/json" } });
    const { challenge } = told.ok ? await told.json() : {};
    return challenge ? solve(challenge) : null;
  });
  turn = answer.catch(() => {});
  return { begun, answer };
}

for (const input of document.querySelectorAll("input[data-work]")) {
  const form = input.form;
  const note = document.createElement("p");
  note.className = "working";
  note.setAttribute("role", "status");
  form.append(note);
  let ahead, busy = false, done = false;

  form.addEventListener("input", () => { ahead ??= work(input.dataset.work); }, { once: true });

  form.addEventListener("submit", async (event) => {
    const action = event.submitter?.hasAttribute("formaction") ? event.submitter.formAction : form.action;
    if (done || (input.dataset.workAt && input.dataset.workAt !== new URL(action).pathname)) {
      return;
    }
    event.preventDefault();
    if (busy) {
      return;
    }
    busy = true;
    const said = setTimeout(() => { note.textContent = input.dataset.workSays; }, 150); // what takes no time is not worth a word
    try {
      let answer = ahead && Date.now() - ahead.begun < fresh ? await ahead.answer : null;
      answer ??= await work(input.dataset.work).answer; // an attack may have begun meanwhile
      input.value = answer ?? "";
    } catch {
      input.value = ""; // the server says what to do
    }
    await new Promise((next) => { setTimeout(next); }); // a form is not sent from within its own submit event
    clearTimeout(said);
    ahead = undefined;
    delete form.dataset.sent;
    done = true;
    form.requestSubmit(event.submitter);
  });

  addEventListener("pageshow", () => { busy = done = false; note.textContent = ""; });
}
