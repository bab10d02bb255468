// Asks the browser for a passkey and sends its answer with the page's form. WebAuthn Level 3, sections 5.1.3 and 5.1.4.
"use strict";
(() => {
  const form = document.getElementById("passkey");
  const fault = document.getElementById("passkey-fault");
  if (!form || !fault) return;
  const say = (words) => { fault.textContent = words; fault.hidden = false; };
  const bytes = (letters) => {
    const plain = letters.replace(/-/g, "+").replace(/_/g, "/");
    return Uint8Array.from(atob(plain), (letter) => letter.charCodeAt(0));
  };
  const text = (buffer) => {
    if (!buffer) return undefined;
    const letters = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
    return btoa(letters).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };
  const named = (keys) => keys.map((key) => ({ ...key, id: bytes(key.id) }));

  const asked = () => {
    const options = JSON.parse(form.dataset.options);
    options.challenge = bytes(options.challenge);
    if (options.user) options.user.id = bytes(options.user.id);
    if (options.excludeCredentials) options.excludeCredentials = named(options.excludeCredentials);
    if (options.allowCredentials) options.allowCredentials = named(options.allowCredentials);
    return options;
  };
  const answered = (key) => ({
    id: key.id,
    rawId: text(key.rawId),
    type: key.type,
    extensions: key.getClientExtensionResults(),
    response: {
      clientDataJSON: text(key.response.clientDataJSON),
      attestationObject: text(key.response.attestationObject),
      authenticatorData: text(key.response.authenticatorData),
      signature: text(key.response.signature),
      userHandle: text(key.response.userHandle),
    },
  });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    fault.hidden = true;
    if (!window.PublicKeyCredential) return say(fault.dataset.none);
    try {
      const publicKey = asked();
      const key = form.dataset.do === "create"
        ? await navigator.credentials.create({ publicKey })
        : await navigator.credentials.get({ publicKey });
      form.elements.answer.value = JSON.stringify(answered(key));
      form.submit();
    } catch (error) {
      say(error.name === "SecurityError" ? fault.dataset.none : fault.dataset.nothing);
    }
  });
})();
