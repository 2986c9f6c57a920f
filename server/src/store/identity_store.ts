import type { Identifier, Identity } from '../features/identity/identity.ts';
import type { IdentityStore } from '../features/identity/store.ts';
import { pageOf } from '../kernel/page.ts';
import { type Database, undo } from './database.ts';
import type { Dialect, Statement, Transaction } from './dialects/dialect.ts';
import { IdentifierEntity, IdentityEntity, PasswordEntity } from './entities/identity.ts';
import { KnownDeviceEntity } from './entities/known_device.ts';
import { MailProofEntity } from './entities/mail_proof.ts';
import { PendingSignInEntity } from './entities/mfa.ts';
import { LinkedAccountEntity, OauthAttemptEntity } from './entities/oauth.ts';
import { MembershipEntity } from './entities/organisation.ts';
import { SessionEntity } from './entities/session.ts';
import { SignInCodeEntity } from './entities/sign_in_code.ts';
import { isUniqueViolation } from './fault.ts';
import { columnsOf, identitiesFrom, selectIdentities } from './identity_row.ts';
import { removeFactors } from './mfa_store.ts';
import type { AppendTrail } from './trail.ts';

const byId = (dialect: Dialect): Statement => ({
  name: 'identity_by_id',
  sql: `${selectIdentities(dialect, '{identity} i')} where i.tenant_id = $1 and i.id = $2 order by f.place`,
});

const byIdentifier = (dialect: Dialect): Statement => ({
  name: 'identity_by_identifier',
  sql: `${selectIdentities(dialect, '{identity} i')} where i.tenant_id = $1 and i.id = (select g.identity_id from {identifier} g
    where g.tenant_id = $1 and g.type = $2 and g.value = $3) order by f.place`,
});

const DUE: Statement = {
  name: 'identities_due',
  sql: 'select tenant_id, id, version from {identity} where deletion_at <= $1 order by deletion_at limit $2',
};

// The page first, then its identities by their keys: SQLite would take the latter first, all that the tenant has.
const page = (dialect: Dialect, name: string, after: string, limit: string): Statement => {
  const rows = `(select created_at, id from {identity} where tenant_id = $1 ${after} order by created_at desc, id desc limit ${limit}) p`;
  const found = `${rows} ${dialect.joinOne('inner', '{identity}', 'i', 'i.tenant_id = $1 and i.id = p.id')}`;
  return { name, sql: `${selectIdentities(dialect, found)} order by i.created_at desc, i.id desc, f.place` };
};

/** Writes `after` where the version is still that of `before`; false if it is not. */
export async function replaceIdentity(tx: Transaction, before: Identity, after: Identity): Promise<boolean> {
  const { tenantId, id, ...facts } = columnsOf(after);
  const key = { tenantId: before.tenantId, id: before.id, version: before.version };
  return (await tx.nativeUpdate(IdentityEntity, key, facts)) > 0;
}

const nameOf = ({ type, value }: Identifier) => `${type} ${value}`;

/** Makes the stored identifiers those of `after`. Ends the transaction with `identifier_taken` if one belongs to another identity. */
export async function writeIdentifiers(tx: Transaction, before: readonly Identifier[], after: Identity): Promise<void> {
  const { tenantId, id: identityId, identifiers } = after;
  const old = new Map(before.map((identifier, place) => [nameOf(identifier), { ...identifier, place }]));
  const kept = new Set(identifiers.map(nameOf));
  for (const [name, { type, value }] of old) {
    if (!kept.has(name)) await tx.nativeDelete(IdentifierEntity, { tenantId, type, value, identityId });
  }
  const rows = identifiers.map((identifier, place) => ({ tenantId, identityId, place, ...identifier }));
  for (const { type, value, verified, place } of rows) {
    const was = old.get(`${type} ${value}`);
    if (was !== undefined && (was.verified !== verified || was.place !== place)) {
      await tx.nativeUpdate(IdentifierEntity, { tenantId, type, value, identityId }, { verified, place });
    }
  }
  const added = rows.filter((row) => !old.has(nameOf(row)));
  if (added.length === 0) return;
  // In one order everywhere, so that two writers who want the same identifiers do not lock each other out.
  added.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  try {
    await tx.insertMany(IdentifierEntity, added);
  } catch (error) {
    if (isUniqueViolation(error)) undo('identifier_taken');
    throw error;
  }
}

/** An id that is made from something else may be there already, with its identifiers. */
export async function insertIdentity(tx: Transaction, identity: Identity): Promise<void> {
  try {
    await tx.insert(IdentityEntity, columnsOf(identity));
  } catch (error) {
    if (isUniqueViolation(error)) undo('identifier_taken');
    throw error;
  }
}

/** Sets the password. The identity's row is locked by now: no other writer comes between the two. */
export async function writePassword(
  tx: Transaction,
  { tenantId, id: identityId }: Identity,
  hash: string,
): Promise<void> {
  const key = { tenantId, identityId };
  if ((await tx.nativeUpdate(PasswordEntity, key, { hash })) === 0) await tx.insert(PasswordEntity, { ...key, hash });
}

export function identityStore(database: Database, appendTrail: AppendTrail): IdentityStore {
  const { dialect, reader } = database;
  const [oneById, oneByIdentifier] = [byId(dialect), byIdentifier(dialect)];
  const firstPage = page(dialect, 'identities_first', '', '$2');
  const nextPage = page(dialect, 'identities_next', 'and created_at <= $2 and (created_at < $2 or id < $3)', '$4');
  return {
    insert: (identity, trail, passwordHash) =>
      database.write<'ok' | 'identifier_taken'>(async (tx) => {
        await insertIdentity(tx, identity);
        await writeIdentifiers(tx, [], identity);
        if (passwordHash !== undefined) {
          await tx.insert(PasswordEntity, { tenantId: identity.tenantId, identityId: identity.id, hash: passwordHash });
        }
        await appendTrail(tx, trail);
        return 'ok';
      }),

    read: async (tenantId, id) => identitiesFrom(await reader.rows(oneById, [tenantId, id]))[0],

    readByIdentifier: async (tenantId, type, value) =>
      identitiesFrom(await reader.rows(oneByIdentifier, [tenantId, type, value]))[0],

    replace: (before, after, trail, passwordHash) =>
      database.write(
        async (tx) => {
          if (!(await replaceIdentity(tx, before, after))) return 'changed';
          await writeIdentifiers(tx, before.identifiers, after);
          if (passwordHash !== undefined) await writePassword(tx, after, passwordHash);
          await appendTrail(tx, trail);
          return 'ok';
        },
        after.epoch > before.epoch ? 'ends' : undefined,
      ),

    remove: ({ tenantId, id, version }, trail) =>
      database.write(async (tx) => {
        if ((await tx.nativeDelete(IdentityEntity, { tenantId, id, version })) === 0) return false;
        const owned = { tenantId, identityId: id };
        await tx.nativeDelete(IdentifierEntity, owned);
        await tx.nativeDelete(PasswordEntity, owned);
        await tx.nativeDelete(SignInCodeEntity, owned);
        await tx.nativeDelete(SessionEntity, owned);
        await tx.nativeDelete(PendingSignInEntity, owned);
        await tx.nativeDelete(MembershipEntity, owned);
        await tx.nativeDelete(MailProofEntity, owned);
        await removeFactors(tx, owned);
        await tx.nativeDelete(KnownDeviceEntity, owned);
        await tx.nativeDelete(LinkedAccountEntity, owned);
        await tx.nativeDelete(OauthAttemptEntity, owned);
        await appendTrail(tx, trail);
        return true;
      }, 'ends'),

    due: async (now, limit) => {
      const rows = await reader.rows(DUE, [now, limit]);
      return rows.map(([tenantId, id, version]) => ({
        tenantId: String(tenantId),
        id: String(id),
        version: Number(version),
      }));
    },

    list: async (tenantId, { limit, after }) => {
      const rows =
        after === undefined
          ? await reader.rows(firstPage, [tenantId, limit + 1])
          : await reader.rows(nextPage, [tenantId, after.at, after.id, limit + 1]);
      return pageOf(identitiesFrom(rows), limit, ({ createdAt, id }) => ({ at: createdAt, id }));
    },
  };
}
