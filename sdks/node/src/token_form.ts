// The form of a Trust Token, checked before any library reads it: JWT libraries differ in what they forgive.
import { type JSONVisitor, visit } from 'jsonc-parser';

/** A JSON object without duplicate members, and its own numbers as they were written. */
export interface StrictObject {
  readonly value: Readonly<Record<string, unknown>>;
  /** Text of each member of the object itself that is a number, such as `1e3`. */
  readonly numbers: ReadonlyMap<string, string>;
}

const BASE64URL = /^[A-Za-z0-9_-]+$/;
const NUMBER = /^-?[0-9]/;
/** Deeper than any token that is accepted (TOK-11): `act` nests 8 deep. */
const MAX_NESTING = 64;

/**
 * Decodes base64url without padding (RFC 4648, section 5). Unused bits must be zero.
 * @returns the bytes, or `undefined` if the text is empty or not canonical
 */
export function decodeBase64url(text: string): Buffer | undefined {
  if (!BASE64URL.test(text)) {
    return undefined;
  }
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}

// Whether every object of the text has each name once, nothing nests too deep, and every string is one of Unicode. Fills `numbers` on the way.
function isStrict(text: string, numbers: Map<string, string>): boolean {
  const open: Set<string>[] = [];
  let strict = true;
  let depth = 0;
  let member = '';
  const visitor: JSONVisitor = {
    onObjectBegin: () => {
      depth += 1;
      strict &&= depth <= MAX_NESTING;
      open.push(new Set());
    },
    onObjectProperty: (name) => {
      const names = open.at(-1);
      strict &&= names !== undefined && !names.has(name) && name.isWellFormed();
      names?.add(name);
      member = depth === 1 ? name : member;
    },
    onObjectEnd: () => {
      depth -= 1;
      open.pop();
    },
    onArrayBegin: () => {
      depth += 1;
      strict &&= depth <= MAX_NESTING;
    },
    onArrayEnd: () => {
      depth -= 1;
    },
    onLiteralValue: (literalValue, offset, length) => {
      strict &&= typeof literalValue !== 'string' || literalValue.isWellFormed();
      const literal = text.slice(offset, offset + length);
      if (depth === 1 && NUMBER.test(literal)) {
        numbers.set(member, literal);
      }
    },
    onError: () => {
      strict = false;
    },
  };
  visit(text, visitor, { disallowComments: true, allowTrailingComma: false });
  return strict;
}

/**
 * Reads a JSON object (RFC 8259) in UTF-8 that has no member name twice, at any depth.
 * @returns the object, or `undefined` if the bytes are anything else
 */
export function parseStrictObject(bytes: Uint8Array): StrictObject | undefined {
  try {
    // A byte order mark is kept, and so refused by JSON.parse.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const value: unknown = JSON.parse(text);
    const numbers = new Map<string, string>();
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !isStrict(text, numbers)) {
      return undefined;
    }
    return { value: value as Record<string, unknown>, numbers };
  } catch {
    // Nesting too deep for the visitor ends here as well.
    return undefined;
  }
}

/** Splits a token into its three parts and decodes them; `undefined` if it has another form (TOK-11). */
export function splitToken(token: string): readonly [header: Buffer, payload: Buffer, signature: Buffer] | undefined {
  const parts = token.split('.');
  const [header, payload, signature] = parts.map(decodeBase64url);
  return parts.length === 3 && header && payload && signature ? [header, payload, signature] : undefined;
}
