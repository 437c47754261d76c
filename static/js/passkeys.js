/* Passkeys: what the browser asks of the device for a button with data-passkey="create" or "get". The answer goes into the
   button's form, which is then sent. On signed-out pages, too, so it stands alone. */
(function () {
  "use strict";

  const PROBLEMS = {
    InvalidStateError: "This device already has a passkey for you.",
    SecurityError: "Passkeys work only where this site has a name and https: an address of numbers is not enough.",
    NotSupportedError: "This device can’t make such a passkey.",
  };
  const OTHERWISE = "Nothing was chosen, or it took too long. Try again.";

  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replace(/\+/g, "-")
      .replace(/\//g, "_")
      .replace(/=+$/, "");
  const known = (list) => (list || []).map((each) => ({ ...each, id: bytes(each.id) }));

  /* One that the device stores and that asks who is there: then it signs in by itself. */
  function create(asked) {
    const wanted = { residentKey: "required", requireResidentKey: true, userVerification: "required" };
    return navigator.credentials.create({
      publicKey: {
        ...asked,
        challenge: bytes(asked.challenge),
        user: { ...asked.user, id: bytes(asked.user.id) },
        excludeCredentials: known(asked.excludeCredentials),
        authenticatorSelection: { ...asked.authenticatorSelection, ...wanted },
      },
    });
  }

  function get(asked) {
    const publicKey = { ...asked, challenge: bytes(asked.challenge), allowCredentials: known(asked.allowCredentials) };
    return navigator.credentials.get({ publicKey });
  }

  function plain(credential) {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = text(credential.response[name]);
    }
    if (credential.response.getTransports) response.transports = credential.response.getTransports();
    return {
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      response,
      clientExtensionResults: credential.getClientExtensionResults(),
      authenticatorAttachment: credential.authenticatorAttachment || undefined,
    };
  }

  async function options(button) {
    const address = button.dataset.passkeyOptions;
    if (!address) return JSON.parse(document.getElementById("passkey-options").textContent);
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    return answer.json();
  }

  async function ask(button) {
    const problem = button.form.querySelector("[data-passkey-problem]");
    problem.hidden = true;
    button.disabled = true;
    try {
      if (!window.PublicKeyCredential) throw new DOMException("", "SecurityError");
      const given = await options(button);
      const asked = (given.creation_options || given.request_options).publicKey;
      const credential = await (button.dataset.passkey === "create" ? create(asked) : get(asked));
      button.form.elements.credential.value = JSON.stringify(plain(credential));
      button.form.requestSubmit();
    } catch (error) {
      problem.textContent = PROBLEMS[error.name] || OTHERWISE;
      problem.hidden = false;
    } finally {
      button.disabled = false;
    }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-passkey]");
    if (button) ask(button);
  });
})();
