import type { Instant } from '../../kernel/clock.ts';

export type IdentifierType = 'email' | 'phone' | 'username';

/** A name by which an identity is found; `value` is canonical. Unique in its tenant by type and value. */
export type Identifier = { readonly type: IdentifierType; readonly value: string; readonly verified: boolean };

/** The facts that a verdict carries. */
export type IdentityFacts = {
  readonly id: string;
  readonly displayName: string;
  readonly roles: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly epoch: number;
  readonly version: number;
};

export type Identity = IdentityFacts & {
  readonly tenantId: string;
  /** Whether it may sign in. False while it is disabled or locked; a lock that has run out is none. */
  readonly active: boolean;
  /** Why it is disabled or locked, in the words of whoever did so. */
  readonly stateReason?: string | undefined;
  /** When its lock ends; undefined where it is not locked. */
  readonly lockedUntil?: Instant | undefined;
  /** 1 to 10, in the order in which they were added. */
  readonly identifiers: readonly Identifier[];
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  /** When it is deleted; undefined where nobody has asked for that. */
  readonly deletionAt?: Instant | undefined;
};

/** A new identity: active, in epoch 1 and version 1. */
export function newIdentity(
  id: string,
  facts: Pick<Identity, 'tenantId' | 'identifiers' | 'displayName' | 'roles' | 'metadata'>,
  now: Instant,
): Identity {
  const { tenantId, identifiers, displayName, roles, metadata } = facts;
  const begin = { active: true, epoch: 1, version: 1, createdAt: now, updatedAt: now };
  return { id, tenantId, identifiers, displayName, roles, metadata, ...begin };
}

/** At most this many identifiers belong to one identity. */
export const MAX_IDENTIFIERS = 10;

/** Whether two identifiers are one name. */
export function sameName(a: Identifier, b: Pick<Identifier, 'type' | 'value'>): boolean {
  return a.type === b.type && a.value === b.value;
}

/** The canonical form of an identifier: what the store keeps and compares. Undefined if it is none of its type. */
export function canonicalIdentifier(type: IdentifierType, text: string): string | undefined {
  const value = type === 'phone' ? text.trim() : text.trim().toLowerCase();
  return FORM[type].test(value) && value.length <= 254 ? value : undefined;
}

// E-mail: the form that HTML's input of type email accepts, in ASCII, with a dot in the domain.
const FORM: Record<IdentifierType, RegExp> = {
  email:
    /^[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+$/,
  phone: /^\+[1-9][0-9]{6,14}$/,
  username: /^[a-z0-9._-]{3,64}$/,
};
