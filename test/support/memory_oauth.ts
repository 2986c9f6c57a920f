import type { Trail } from '../../server/src/features/change/change.ts';
import type { Identity } from '../../server/src/features/identity/identity.ts';
import type { IdentityStore } from '../../server/src/features/identity/store.ts';
import type { LinkedAccount, OauthAttempt } from '../../server/src/features/oauth/oauth.ts';
import type { OauthStore } from '../../server/src/features/oauth/store.ts';

/** The port of sign-in elsewhere over plain maps. `hasOtherWay` says whether an identity can sign in without any account. */
export function memoryOauth(
  append: (trail: Trail) => void,
  identities: Pick<IdentityStore, 'insert' | 'replace'>,
  hasOtherWay: (tenantId: string, identityId: string) => boolean,
): OauthStore {
  const attempts = new Map<string, OauthAttempt & { spent: boolean }>();
  const accounts = new Map<string, LinkedAccount>();
  const keyOf = ({ tenantId, issuer, subject }: Pick<LinkedAccount, 'tenantId' | 'issuer' | 'subject'>) =>
    JSON.stringify([tenantId, issuer, subject]);
  const ofIdentity = (tenantId: string, identityId: string) =>
    [...accounts.values()].filter((row) => row.tenantId === tenantId && row.identityId === identityId);
  const none: Trail = { changes: [], events: [] };

  return {
    async begin(attempt) {
      attempts.set(`${attempt.tenantId} ${attempt.digest}`, { ...attempt, spent: false });
    },
    async readAttempt(tenantId, digest, now) {
      const { spent, ...attempt } = attempts.get(`${tenantId} ${digest}`) ?? { spent: true, expiresAt: 0 };
      return spent || attempt.expiresAt <= now ? undefined : (attempt as OauthAttempt);
    },
    async spend({ tenantId, digest }, now) {
      const row = attempts.get(`${tenantId} ${digest}`);
      if (row === undefined || row.spent || row.expiresAt <= now) return false;
      row.spent = true;
      return true;
    },
    async find(tenantId, issuer, subject) {
      return accounts.get(keyOf({ tenantId, issuer, subject }));
    },
    async list(tenantId, identityId) {
      return ofIdentity(tenantId, identityId);
    },
    async signUp(identity: Identity, account, loser, trail) {
      if (accounts.has(keyOf(account))) return 'linked';
      if (loser !== undefined && (await identities.replace(loser.before, loser.after, none)) !== 'ok') return 'changed';
      if ((await identities.insert(identity, none)) !== 'ok') return 'identifier_taken';
      accounts.set(keyOf(account), account);
      append(trail);
      return 'ok';
    },
    async link(account, most, trail) {
      if (accounts.has(keyOf(account))) return 'linked';
      if (ofIdentity(account.tenantId, account.identityId).length >= most) return 'too_many';
      accounts.set(keyOf(account), account);
      append(trail);
      return 'ok';
    },
    async use(account, trail) {
      accounts.set(keyOf(account), account);
      append(trail);
    },
    async unlink(tenantId, identityId, id, providers, trail) {
      const all = ofIdentity(tenantId, identityId);
      const found = all.find((row) => row.id === id);
      if (found === undefined) return 'not_found';
      const others = all.filter((row) => row.id !== id && providers.includes(row.provider));
      if (others.length === 0 && !hasOtherWay(tenantId, identityId)) return 'last_way_in';
      accounts.delete(keyOf(found));
      append(trail);
      return 'ok';
    },
  };
}
