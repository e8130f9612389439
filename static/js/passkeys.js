// Passkeys: a form with data-passkey asks the browser for a key before it is sent. The key's bytes travel as JSON.
"use strict";

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    const credential = form.elements.namedItem("credential");
    event.preventDefault();
    try {
      credential.value = JSON.stringify(await read(form));
      form.submit();
    } catch (error) {
      // Somebody who closes the browser's window wants to choose another way; nothing is wrong with the page.
      document.querySelector("[data-passkey-trouble]").hidden = false;
    }
  });
}

async function read(form) {
  if (form.dataset.passkey === "login") {
    const answer = await fetch(form.dataset.from, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    return webauthnJSON.get((await answer.json()).request_options);
  }
  const options = JSON.parse(form.dataset.options);
  if (form.dataset.passkey === "get") return webauthnJSON.get(options.request_options);
  const creation = options.creation_options;
  const alone = form.elements.namedItem("passwordless");
  const chosen = creation.publicKey.authenticatorSelection;
  chosen.residentKey = alone?.checked ? "required" : "discouraged";
  chosen.requireResidentKey = Boolean(alone?.checked);
  if (alone?.checked) chosen.userVerification = "required";
  return webauthnJSON.create(creation);
}
