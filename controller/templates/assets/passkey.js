// Asks the browser for a passkey and sends its answer with a form of the page. WebAuthn Level 3, sections 5.1.3 and 5.1.4.
"use strict";
(() => {
  const fault = document.getElementById("passkey-fault");
  if (!fault) return;
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

  const asked = (json) => {
    const options = JSON.parse(json);
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

  // Sends what the key answers to the options, or says why there is none.
  const answer = async (kind, options, send) => {
    fault.hidden = true;
    if (!window.PublicKeyCredential) return say(fault.dataset.none);
    try {
      const publicKey = asked(await options());
      const key = await navigator.credentials[kind]({ publicKey });
      send(JSON.stringify(answered(key)));
    } catch (error) {
      say(error.said || (error.name === "SecurityError" ? fault.dataset.none : fault.dataset.nothing));
    }
  };

  // The page is one ceremony, whose button does nothing without us.
  const page = document.querySelector("form#passkey");
  if (page) page.hidden = false;
  page?.addEventListener("submit", (event) => {
    event.preventDefault();
    answer(page.dataset.do, () => page.dataset.options, (said) => {
      page.elements.answer.value = said;
      page.submit();
    });
  });

  // A form takes a passkey as the second factor: the ceremony begins when that is chosen.
  const proof = document.getElementById("passkey-proof");
  if (!proof) return;
  const button = proof.querySelector("button");
  const form = button.form;
  const { digits, passkey_token: token, passkey_answer: field } = form.elements;
  proof.hidden = false;
  // What a page that was come back to still holds is used up.
  form.addEventListener("submit", () => { field.value = ""; });
  button.addEventListener("click", (event) => {
    event.preventDefault();
    if (digits) digits.required = false;
    const isFilled = form.reportValidity();
    if (digits) digits.required = true;
    if (!isFilled) return;
    let begun;
    answer("get", async () => {
      const got = await fetch(proof.dataset.begin, { method: "POST", redirect: "error" });
      begun = await got.json();
      if (!got.ok) throw { said: begun.fault };
      return begun.options;
    }, (said) => {
      token.value = begun.token;
      field.value = said;
      form.submit();
    });
  });
})();
