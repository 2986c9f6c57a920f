// Passkeys need a script: nothing else on these pages does. It fills the one hidden field of a form and sends it.
(() => {
  const lib = window.SimpleWebAuthnBrowser;
  if (!lib?.browserSupportsWebAuthn()) return;

  const run = async (form, autofill) => {
    const optionsJSON = JSON.parse(form.dataset.options);
    const ceremony = form.dataset.passkey === 'create' ? lib.startRegistration : lib.startAuthentication;
    const credential = await ceremony({ optionsJSON, useBrowserAutofill: autofill });
    form.elements.credential.value = JSON.stringify(credential);
    form.submit();
  };

  for (const form of document.querySelectorAll('form[data-passkey]')) {
    const fault = form.querySelector('[data-passkey-fault]');
    form.hidden = false;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      fault.hidden = true;
      run(form, false).catch(() => {
        fault.hidden = false;
      });
    });
    if ('autofill' in form.dataset) {
      lib.browserSupportsWebAuthnAutofill().then((can) => {
        // Ends without a word when the person chooses another way.
        if (can) run(form, true).catch(() => {});
      });
    }
  }
})();
