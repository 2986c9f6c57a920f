import { hash } from 'node:crypto';
import type { LinkedAccount, OauthAttempt, OauthPurpose } from '../features/oauth/oauth.ts';
import type { OauthStore } from '../features/oauth/store.ts';
import { type Database, lock, undo } from './database.ts';
import type { Transaction } from './dialects/dialect.ts';
import { IdentifierEntity, PasswordEntity } from './entities/identity.ts';
import { PasskeyEntity } from './entities/mfa.ts';
import {
  LinkedAccountEntity,
  type LinkedAccountRow,
  OauthAttemptEntity,
  type OauthAttemptRow,
} from './entities/oauth.ts';
import { isUniqueViolation } from './fault.ts';
import { insertIdentity, replaceIdentity, writeIdentifiers } from './identity_store.ts';
import type { AppendTrail } from './trail.ts';

const PLAIN = { disableIdentityMap: true } as const;

/** A JSON array keeps the two apart whatever they hold. */
const digestOf = (issuer: string, subject: string) => hash('sha256', JSON.stringify([issuer, subject]), 'hex');

const attemptFrom = ({ spentAt: _, purpose, ...same }: OauthAttemptRow): OauthAttempt => ({
  ...same,
  purpose: purpose as OauthPurpose,
});

const accountFrom = ({ accountDigest: _, sealedTokens, ...same }: LinkedAccountRow): LinkedAccount => ({
  ...same,
  sealedTokens: sealedTokens ?? undefined,
});

/** Ends the transaction with `linked` if somebody has the account. */
async function insertAccount(tx: Transaction, { sealedTokens, ...same }: LinkedAccount): Promise<void> {
  try {
    await tx.insert(LinkedAccountEntity, {
      ...same,
      sealedTokens: sealedTokens ?? null,
      accountDigest: digestOf(same.issuer, same.subject),
    });
  } catch (error) {
    if (isUniqueViolation(error)) undo('linked');
    throw error;
  }
}

export function oauthStore(database: Database, appendTrail: AppendTrail): OauthStore {
  return {
    begin: async (attempt) => {
      await database.write((tx) => tx.insert(OauthAttemptEntity, { ...attempt, spentAt: null }));
    },

    readAttempt: (tenantId, digest, now) =>
      database.read(async (em) => {
        const key = { tenantId, digest, spentAt: null, expiresAt: { $gt: now } };
        const row = await em.findOne(OauthAttemptEntity, key, PLAIN);
        return row === null ? undefined : attemptFrom(row);
      }),

    spend: ({ tenantId, digest }, now) =>
      database.write(async (tx) => {
        const key = { tenantId, digest, spentAt: null, expiresAt: { $gt: now } };
        return (await tx.nativeUpdate(OauthAttemptEntity, key, { spentAt: now })) > 0;
      }),

    find: (tenantId, issuer, subject) =>
      database.read(async (em) => {
        const key = { tenantId, accountDigest: digestOf(issuer, subject) };
        const row = await em.findOne(LinkedAccountEntity, key, PLAIN);
        return row === null ? undefined : accountFrom(row);
      }),

    list: (tenantId, identityId) =>
      database.read(async (em) => {
        const orderBy = { createdAt: 'asc', id: 'asc' } as const;
        const rows = await em.find(LinkedAccountEntity, { tenantId, identityId }, { ...PLAIN, orderBy });
        return rows.map(accountFrom);
      }),

    signUp: (identity, account, loser, trail) =>
      database.write<'ok' | 'identifier_taken' | 'linked' | 'changed'>(async (tx) => {
        if (loser !== undefined) {
          if (!(await replaceIdentity(tx, loser.before, loser.after))) undo('changed');
          await writeIdentifiers(tx, loser.before.identifiers, loser.after);
        }
        // Ahead of the identity, so that two sign-ups with one account meet here.
        await insertAccount(tx, account);
        await insertIdentity(tx, identity);
        await writeIdentifiers(tx, [], identity);
        await appendTrail(tx, trail);
        return 'ok';
      }),

    link: (account, most, trail) =>
      database.write<'ok' | 'linked' | 'too_many'>(async (tx) => {
        const { tenantId, identityId } = account;
        await lock(database, tx, `factors ${tenantId} ${identityId}`);
        if ((await tx.count(LinkedAccountEntity, { tenantId, identityId })) >= most) return 'too_many';
        await insertAccount(tx, account);
        await appendTrail(tx, trail);
        return 'ok';
      }),

    use: ({ tenantId, issuer, subject, provider, email, sealedTokens, lastUsedAt }, trail) =>
      database.write(async (tx) => {
        const key = { tenantId, accountDigest: digestOf(issuer, subject) };
        await tx.nativeUpdate(LinkedAccountEntity, key, {
          provider,
          email,
          sealedTokens: sealedTokens ?? null,
          lastUsedAt,
        });
        await appendTrail(tx, trail);
      }),

    unlink: (tenantId, identityId, id, providers, trail) =>
      database.write<'ok' | 'not_found' | 'last_way_in'>(async (tx) => {
        const owned = { tenantId, identityId };
        await lock(database, tx, `factors ${tenantId} ${identityId}`);
        if ((await tx.nativeDelete(LinkedAccountEntity, { ...owned, id })) === 0) return 'not_found';
        const others = await tx.count(LinkedAccountEntity, { ...owned, provider: { $in: [...providers] } });
        if (others === 0 && !(await hasOtherWayIn(tx, owned))) undo('last_way_in');
        await appendTrail(tx, trail);
        return 'ok';
      }),
  };
}

/** A password with a name to give beside it, or a passkey. */
async function hasOtherWayIn(
  tx: Transaction,
  owned: { readonly tenantId: string; readonly identityId: string },
): Promise<boolean> {
  if ((await tx.count(PasskeyEntity, owned)) > 0) return true;
  return (await tx.count(PasswordEntity, owned)) > 0 && (await tx.count(IdentifierEntity, owned)) > 0;
}
