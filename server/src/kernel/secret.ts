import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { bytesToBase62, toBase62 } from './base62.ts';
import type { Random } from './random.ts';

/** What a secret is for. Part of its digest, so that a secret of one kind never passes as another (spec SEC-5). */
export type SecretKind =
  | 'session_id'
  | 'sign_in_code'
  | 'service_key'
  | 'pending_sign_in'
  | 'remembered_device'
  | 'oauth_state'
  | 'oauth_attempt'
  | 'mail_flow'
  | 'mail_link'
  | 'invitation';

const BODY = 43;
const CHECK = 6;
// The alphabet is in ASCII order, so texts of one length compare as their integers do.
const LIMIT = toBase62(1n << 256n, BODY);
const FORM: Record<SecretKind, RegExp> = {
  session_id: /^ts_[0-9A-Za-z]{49}$/,
  sign_in_code: /^tc_[0-9A-Za-z]{49}$/,
  pending_sign_in: /^tp_[0-9A-Za-z]{49}$/,
  remembered_device: /^td_[0-9A-Za-z]{49}$/,
  oauth_state: /^to_[0-9A-Za-z]{49}$/,
  oauth_attempt: /^ta_[0-9A-Za-z]{49}$/,
  mail_flow: /^tf_[0-9A-Za-z]{49}$/,
  mail_link: /^tl_[0-9A-Za-z]{49}$/,
  invitation: /^ti_[0-9A-Za-z]{49}$/,
  service_key: /^tlk_[0-9A-Za-z]{16}_[0-9A-Za-z]{49}$/,
};

function check(text: string): string {
  return toBase62(BigInt(crc32(text)), CHECK);
}

function make(prefix: string, random: Random): string {
  const text = prefix + bytesToBase62(random(32), BODY);
  return text + check(text);
}

/** Makes a session_id: `ts_`, 256 random bits in base 62, CRC-32 (spec chapter 1). */
export const newSessionId = (random: Random): string => make('ts_', random);

/** Makes a one-time sign-in code. */
export const newSignInCode = (random: Random): string => make('tc_', random);

/** Makes the secret of a pending sign-in. */
export const newPendingToken = (random: Random): string => make('tp_', random);

/** Makes the secret of a remembered device. */
export const newDeviceToken = (random: Random): string => make('td_', random);

/** Makes the `state` of a browser that goes to a provider. */
export const newOauthState = (random: Random): string => make('to_', random);

/** Makes what a backend keeps of such a browser. */
export const newOauthAttempt = (random: Random): string => make('ta_', random);

/** Makes the secret of a code that is sent by mail: held by who asked for it. */
export const newMailFlowToken = (random: Random): string => make('tf_', random);

/** Makes the secret of a link that is sent by mail. */
export const newMailLinkToken = (random: Random): string => make('tl_', random);

/** Makes the secret of the link of an invitation. */
export const newInvitationToken = (random: Random): string => make('ti_', random);

/** Makes a service key and its public id (16 base62 characters, 88 random bits). */
export function newServiceKey(random: Random): { id: string; key: string } {
  const id = bytesToBase62(random(11), 16);
  return { id, key: make(`tlk_${id}_`, random) };
}

/** The public id inside a well-formed service key. */
export function serviceKeyId(key: string): string {
  return key.slice(4, 20);
}

/** Whether a text is a whole, well-formed secret of the kind (spec SEC-1 to SEC-4). Proves nothing more. */
export function isSecret(kind: SecretKind, text: string): boolean {
  if (!FORM[kind].test(text) || text.includes('\n')) return false;
  const split = text.length - CHECK;
  if (check(text.slice(0, split)) !== text.slice(split)) return false;
  return text.slice(split - BODY, split) < LIMIT;
}

/** What the store keeps of a secret: lower-case hex of SHA-256 (spec SEC-5). */
export function digestOf(kind: SecretKind, secret: string): string {
  return hash('sha256', `trust-layer:${kind}:${secret}`, 'hex');
}
