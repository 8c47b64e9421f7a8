// Comfort only: every page works without this file.

for (const button of document.querySelectorAll("[data-reveal]")) {
  const input = document.getElementById(button.dataset.reveal);
  const show = button.getAttribute("aria-label");
  button.hidden = false;
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", () => {
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
    button.setAttribute("aria-label", shown ? button.dataset.hide : show);
  });
}

// The second password is compared while it is typed; the server compares again.
for (const input of document.querySelectorAll("[data-same-as]")) {
  const other = document.getElementById(input.dataset.sameAs);
  const error = document.getElementById(`${input.id}-error`);
  const compare = () => {
    const differs = input.value !== "" && input.value !== other.value;
    input.setCustomValidity(differs ? input.dataset.sameText : "");
    error.textContent = differs ? input.dataset.sameText : "";
    error.hidden = !differs;
    input.closest(".field").classList.toggle("wrong", differs);
  };
  input.addEventListener("input", compare);
  other.addEventListener("input", compare);
}

// A rough meter of length and variety; what is refused is decided by the server.
for (const meter of document.querySelectorAll("meter[data-of]")) {
  const input = document.getElementById(meter.dataset.of);
  meter.hidden = false;
  input.addEventListener("input", () => {
    const letters = [...input.value];
    meter.value = Math.min(4, Math.floor(letters.length / 5) + (new Set(letters).size > 9 ? 1 : 0));
  });
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = button.dataset.copied;
  });
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// A form is sent once; coming back by the back button makes it usable again. A download leaves the page, and so the button, where it is.
for (const form of document.querySelectorAll("form[method=post]:not([data-download])")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-busy", "true");
  });
}

addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
  }
});
