import { TrustError } from '../../errors/trust_error.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import type { Random } from '../../kernel/random.ts';
import { auditEvent } from '../audit/audit.ts';
import type { Trail } from '../change/change.ts';
import { type ChangeDeps, changeIdentity } from '../identity/change_identity.ts';
import { type IdentifierType, type Identity, newIdentity } from '../identity/identity.ts';
import type { Hasher, Turnstile } from '../password/hasher.ts';
import type { Elsewhere } from './elsewhere.ts';
import { dummyLike, type ForeignHash, type HashKind, parseForeignHash, verifyForeignHash } from './foreign_hash.ts';
import type { UsersTableStore } from './store.ts';
import { type TableUser, userOf, withFactsOf } from './users_table.ts';

/** What the operator says of the table. */
export type UsersTableRules = {
  readonly tenantId: string;
  /** What the identifiers of the table are. */
  readonly type: IdentifierType;
  /** The forms of hash that are accepted. */
  readonly kinds: readonly HashKind[];
  /** Whether a person moves over with the first sign-in: from then on the table is not asked about them. */
  readonly move: boolean;
};

/** People and passwords of a table that is not ours. It is only read (spec UST). */
export function passwordsOfUsersTable(deps: {
  readonly users: UsersTableStore;
  readonly rules: UsersTableRules;
  readonly identities: ChangeDeps['identities'] & {
    insert(identity: Identity, trail: Trail, passwordHash?: string): Promise<'ok' | 'identifier_taken'>;
  };
  readonly passwords: {
    read(tenantId: string, identityId: string): Promise<string | undefined>;
    set(before: Identity, after: Identity, hash: string, trail: Trail): Promise<boolean>;
  };
  readonly mails: ChangeDeps['mails'];
  readonly hasher: Pick<Hasher, 'hash'>;
  /** The one queue of all hashing. */
  readonly enter: Turnstile;
  readonly random: Random;
  readonly clock: Clock;
  readonly newId: NewId;
  /** Told of a hash that is in no accepted form, or would cost too much. */
  readonly unusable?: () => void;
}): Elsewhere {
  const { users, rules, identities, passwords, hasher, enter } = deps;
  const { tenantId } = rules;
  let dummy: ForeignHash | undefined;

  const accepted = (text: string): ForeignHash | undefined => {
    const hash = parseForeignHash(text);
    return hash !== undefined && rules.kinds.includes(hash.kind) ? hash : undefined;
  };

  /** What is computed where there is no hash: one like that of the others, so that it takes as long (spec UST-4). */
  async function dummyHash(): Promise<ForeignHash | undefined> {
    if (dummy !== undefined) return dummy;
    const some = await users.anyHash();
    const hash = some === undefined ? undefined : accepted(some);
    if (hash !== undefined) dummy = dummyLike(hash, deps.random);
    return dummy;
  }

  const find = async (type: IdentifierType, value: string | undefined, typed: string) => {
    const rows = await users.readByIdentifier([value ?? '', typed.trim().slice(0, 254)]);
    return value === undefined ? undefined : userOf(tenantId, type, value, rows);
  };

  async function admit(actor: string, own: Identity | undefined, user: TableUser, password: string) {
    // Who else has the identifier here is somebody else, whatever the table says.
    if (own !== undefined && own.id !== user.identityId) return undefined;
    const known = own ?? (await identities.read(tenantId, user.identityId));
    if (known === undefined) return await make(actor, user, password);
    // With a password of its own an identity has left the table behind, by whatever name it comes.
    if (!known.active || (await passwords.read(tenantId, known.id)) !== undefined) return undefined;
    const target = { tenantId, actor, identityId: known.id };
    if (!rules.move)
      return await changeIdentity({ ...deps }, target, 'identity.updated', (now) => withFactsOf(user, now));
    const hash = await hasher.hash(password);
    const moving: ChangeDeps['identities'] = {
      read: identities.read,
      replace: async (before, after, trail) => ((await passwords.set(before, after, hash, trail)) ? 'ok' : 'changed'),
    };
    const updated = await changeIdentity({ ...deps }, target, 'identity.updated', (now) => withFactsOf(user, now));
    return await changeIdentity(
      { ...deps, identities: moving },
      { ...target, expectedVersion: updated.version },
      'identity.updated',
      (now) => now,
    );
  }

  async function make(actor: string, user: TableUser, password: string): Promise<Identity | undefined> {
    const hash = rules.move ? await hasher.hash(password) : undefined;
    const now = deps.clock();
    const { identityId, identifier, verified = false, displayName = '', roles = [], metadata } = user;
    const facts = { tenantId, identifiers: [{ ...identifier, verified }], displayName, roles, metadata };
    const identity = newIdentity(identityId, facts, now);
    const event = auditEvent({ tenantId, name: actor }, now, deps.newId, 'identity.created', {
      identityId,
      subject: identityId,
      facts: { source: 'users_table' },
    });
    if ((await identities.insert(identity, { changes: [], events: [event] }, hash)) === 'ok') return identity;
    // Another sign-in of the same person came first; or the identifier was given to somebody else meanwhile.
    const made = await identities.read(tenantId, identityId);
    return made?.active === true ? made : undefined;
  }

  return {
    has: async (tenant, type, value) =>
      tenant === tenantId && type === rules.type && (await find(type, value, value)) !== undefined,

    check: async ({ tenantId: tenant, type, value, typed, password, open }) => {
      if (tenant !== tenantId || type !== rules.type) return undefined;
      const found = await find(type, value, typed);
      const user = open && found?.active === true ? found : undefined;
      const hash = user?.hash === undefined ? undefined : accepted(user.hash);
      if (user?.hash !== undefined && hash === undefined) deps.unusable?.();
      const computed = hash ?? (await dummyHash());
      if (computed === undefined) return undefined;
      const matches = await enter(() => verifyForeignHash(computed, password));
      if (!matches || hash === undefined || user === undefined) return undefined;
      return {
        admit: (actor, own) =>
          admit(actor, own, user, password).catch((error: unknown) => {
            if (error instanceof TrustError && error.reason === 'IDENTIFIER_TAKEN') return undefined;
            throw error;
          }),
      };
    },
  };
}
