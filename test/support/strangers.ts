import { randomBytes } from 'node:crypto';
import type { JsonValue } from '@bufbuild/protobuf';
import { unknownSecret } from '../conformance/actions.ts';
import { freshName } from './shared_server.ts';

const ID = /\b[a-z]{3}_[0-9a-f]{32}\b/g;
const SECRET = /\b(t[a-z]_)[0-9A-Za-z]{49}\b/g;
const NAME = /\b([a-z]+)-\d+-[0-9a-z]+-\d+\b/g;
const KEY_ID = /^(?=.*[0-9A-Z])[0-9A-Za-z]{16}$/;
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** Every public id in a text. */
export const idsIn = (text: string): ReadonlySet<string> => new Set(text.match(ID));

/** The same request with names of the same form that nobody has in the place of each that somebody may have. */
export function ofNobody(request: JsonValue): JsonValue {
  if (typeof request === 'string') return nobody(request);
  if (Array.isArray(request)) return request.map(ofNobody);
  if (request === null || typeof request !== 'object') return request;
  return Object.fromEntries(Object.entries(request).map(([name, value]) => [name, ofNobody(value as JsonValue)]));
}

function nobody(text: string): string {
  if (KEY_ID.test(text)) return randomBytes(8).toString('hex');
  if (TOKEN.test(text)) return withKid(text, `sgk_${randomBytes(16).toString('hex')}`);
  return text
    .replaceAll(ID, (id) => id.slice(0, 4) + randomBytes(16).toString('hex'))
    .replaceAll(SECRET, (_, prefix: string) => unknownSecret(prefix))
    .replaceAll(NAME, (_, prefix: string) => freshName(prefix));
}

/** A Trust Token as a key that nobody has would have signed it. */
function withKid(token: string, kid: string): string {
  const [head = '', ...rest] = token.split('.');
  const header = JSON.parse(Buffer.from(head, 'base64url').toString());
  return [Buffer.from(JSON.stringify({ ...header, kid })).toString('base64url'), ...rest].join('.');
}
