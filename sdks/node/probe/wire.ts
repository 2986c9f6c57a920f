// Messages in the form of the probe: proto JSON with snake_case names, 64-bit numbers as JSON numbers.
import { InvitationAsk } from '../src/gen/trust/v1/invitation.ts';
import { RejectionReason } from '../src/gen/trust/v1/session.ts';
import { FactorType, IdentifierType, IdentityState, MfaPolicy, SessionState, SigningKeyState } from '../src/index.ts';

type Json = Record<string, unknown>;

// The generated messages carry no types at run time; these few names are all that need one.
const MAPS = new Set(['metadata', 'entries', 'facts', 'transactionContext', 'requestContext']);
const BYTES = new Set(['logo']);
const INSTANTS = new Set(['authenticatedAt', 'until']);
const TARGETS = ['sessionId', 'handle'] as const;

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const camel = (name: string) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

interface EnumKind {
  readonly prefix: string;
  readonly values: Readonly<Record<string, number>>;
}

function enumOf(name: string, message: Json): EnumKind | undefined {
  switch (name) {
    case 'factors':
      return { prefix: 'FACTOR_TYPE_', values: FactorType };
    case 'asks':
      return { prefix: 'INVITATION_ASK_', values: InvitationAsk };
    case 'mfaPolicy':
      return { prefix: 'MFA_POLICY_', values: MfaPolicy };
    case 'type':
      if ('createdAt' in message) return { prefix: 'FACTOR_TYPE_', values: FactorType };
      return { prefix: 'IDENTIFIER_TYPE_', values: IdentifierType };
    case 'identifierType':
      return { prefix: 'IDENTIFIER_TYPE_', values: IdentifierType };
    case 'reason':
      // Those of support, of a suspension and of a state are words.
      if (['operator', 'id', 'identity_id'].some((field) => field in message)) return undefined;
      return { prefix: 'REJECTION_REASON_', values: RejectionReason };
    case 'state':
      if ('summary' in message) return { prefix: 'SESSION_STATE_', values: SessionState };
      return 'kid' in message
        ? { prefix: 'SIGNING_KEY_STATE_', values: SigningKeyState }
        : { prefix: 'IDENTITY_STATE_', values: IdentityState };
    default:
      return undefined;
  }
}

function isMessage(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function toWireValue(name: string, value: unknown, message: Json): unknown {
  const kind = typeof value === 'number' ? enumOf(name, message) : undefined;
  if (kind !== undefined) {
    const found = Object.entries(kind.values).find(([, number]) => number === value);
    return found === undefined ? value : kind.prefix + found[0];
  }
  if (typeof value === 'bigint') {
    return Number(value);
  }
  if (value instanceof Date) {
    return value.toISOString().replace('.000Z', 'Z');
  }
  if (value instanceof Uint8Array) {
    return Buffer.from(value).toString('base64');
  }
  if (Array.isArray(value)) {
    return value.map((item) => toWireValue(name, item, message));
  }
  return isMessage(value) && !MAPS.has(name) ? toWire(value) : value;
}

/** Writes a message; unset messages are left out, empty scalars are not. */
export function toWire(message: object): Json {
  const fields = Object.entries(message).filter(([, value]) => value !== undefined);
  return Object.fromEntries(fields.map(([name, value]) => [snake(name), toWireValue(name, value, message as Json)]));
}

function fromWireValue(name: string, value: unknown, message: Json): unknown {
  const kind = typeof value === 'string' ? enumOf(name, message) : undefined;
  if (kind !== undefined) {
    const number = kind.values[String(value).slice(kind.prefix.length)];
    if (number === undefined || !String(value).startsWith(kind.prefix)) {
      throw new TypeError(`${snake(name)} is no value of its enum`);
    }
    return number;
  }
  if (INSTANTS.has(name) && typeof value === 'string') {
    return new Date(value);
  }
  if (BYTES.has(name) && typeof value === 'string') {
    return Buffer.from(value, 'base64');
  }
  if (Array.isArray(value)) {
    return value.map((item) => fromWireValue(name, item, message));
  }
  if (name === 'subject' && isMessage(value)) {
    return { subject: oneof(fromWire(value)) };
  }
  return isMessage(value) && !MAPS.has(name) ? fromWire(value) : value;
}

/** The one member of a oneof as the generated code has it. */
function oneof(given: Json): unknown {
  const [$case, value] = Object.entries(given)[0] ?? [];
  return $case === undefined ? undefined : { $case, value };
}

/** Reads a message. */
export function fromWire(wire: Json): Json {
  return Object.fromEntries(
    Object.entries(wire).map(([name, value]) => [camel(name), fromWireValue(camel(name), value, wire)]),
  );
}

/** Puts a flat `session_id` or `handle` into the oneof that the generated code has. */
export function toTargetRequest({ sessionId, handle, ...rest }: Json): Json {
  const given: Json = { sessionId, handle };
  const target = TARGETS.find((name) => given[name] !== undefined);
  return target === undefined ? rest : { ...rest, target: { $case: target, value: given[target] } };
}
