// Solves the challenge of a form while it is filled in (ALTCHA's, version 2), so that a flood costs those who send it.
(() => {
  const field = document.querySelector('input[data-challenge]');
  if (!field || !window.crypto?.subtle) return;
  const form = field.form;
  const challenge = JSON.parse(field.dataset.challenge);
  const { nonce, salt, cost, keyLength, keyPrefix } = challenge.parameters;

  const bytes = (hex) => Uint8Array.from(hex.match(/../g), (pair) => Number.parseInt(pair, 16));
  const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, '0')).join('');

  const solve = async () => {
    const algorithm = { name: 'PBKDF2', hash: 'SHA-256', salt: bytes(salt), iterations: cost };
    const password = new Uint8Array([...bytes(nonce), 0, 0, 0, 0]);
    const view = new DataView(password.buffer);
    for (let counter = 0; ; counter++) {
      view.setUint32(password.length - 4, counter);
      const key = await crypto.subtle.importKey('raw', password, 'PBKDF2', false, ['deriveBits']);
      const derivedKey = hex(await crypto.subtle.deriveBits(algorithm, key, keyLength * 8));
      if (derivedKey.startsWith(keyPrefix)) return { counter, derivedKey };
    }
  };

  const solved = solve().then((solution) => {
    field.value = btoa(JSON.stringify({ challenge, solution }));
  });
  form.addEventListener('submit', (event) => {
    if (field.value !== '') return;
    event.preventDefault();
    form.querySelector('[data-work]').hidden = false;
    solved.then(() => form.submit());
  });
})();
