import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import type { Random } from './random.ts';

/** Seals bytes under a key derived from the master key. `context` is what a sealed text is bound to beside it. */
export type Sealer = {
  seal(plain: Uint8Array, context: readonly string[]): string;
  /** Throws if master key, purpose, text or context is another than at sealing. */
  open(sealed: string, context: readonly string[]): Buffer;
};

const FORM = 'v1.';
const NONCE = 12;
const TAG = 16;

/** AES-256-GCM under HKDF-SHA256 of the master key; a sealed text is `v1.` and base64url of nonce, ciphertext and tag. */
export function sealerOf(deps: {
  readonly masterKey: Uint8Array;
  readonly random: Random;
  /** What the key is for: each purpose has a key of its own. */
  readonly purpose: string;
}): Sealer {
  if (deps.masterKey.length < 32) throw new RangeError('the master key must have at least 32 bytes');
  const key = Buffer.from(hkdfSync('sha256', deps.masterKey, '', deps.purpose, 32));
  // A JSON array keeps its members apart whatever they hold.
  const bound = (context: readonly string[]) => Buffer.from(JSON.stringify([deps.purpose, ...context]));
  return {
    seal(plain, context) {
      const nonce = deps.random(NONCE);
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG }).setAAD(bound(context));
      const sealed = [nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()];
      return FORM + Buffer.concat(sealed).toString('base64url');
    },
    open(sealed, context) {
      if (!sealed.startsWith(FORM)) throw new Error('not a sealed text');
      const bytes = Buffer.from(sealed.slice(FORM.length), 'base64url');
      // One spelling a text: the decoder passes over what is not base64url.
      if (bytes.length <= NONCE + TAG || FORM + bytes.toString('base64url') !== sealed)
        throw new Error('not a sealed text');
      const nonce = bytes.subarray(0, NONCE);
      const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG }).setAAD(bound(context));
      decipher.setAuthTag(bytes.subarray(-TAG));
      return Buffer.concat([decipher.update(bytes.subarray(NONCE, -TAG)), decipher.final()]);
    },
  };
}
