// The acts of the cascade that are about one identity, and somebody for each to be done to.
import { randomBytes } from 'node:crypto';
import { IdentifierType } from '../../server/src/contract/gen/trust/v1/identity.ts';
import { type Act, CASCADE } from '../../server/src/features/cascade/cascade.ts';
import { mailedTo } from '../../test/support/outbox_page.ts';
import { freshName } from '../../test/support/shared_server.ts';
import { totpCode } from '../../test/support/totp_code.ts';
import { isActive, type Trial, type Trials, type World } from './trial.ts';

const PASSWORD = 'violet-otter-battery';

type Person = {
  readonly identityId: string;
  readonly sessionId: string;
  /** A session that no act is done in. */
  readonly other: string;
  readonly alias: string;
  readonly email: string;
  /** An account elsewhere. */
  readonly accountId: string;
  readonly factorId: string;
  readonly enrol: () => Promise<string>;
};

const codeTo = async (publicUrl: string, email: string) => (await mailedTo(publicUrl, email)).code ?? '';

/** How the acts that end anything are done. */
const acts = ({ rpc, publicUrl }: World): Partial<Record<Act, (who: Person) => Promise<unknown>>> => ({
  sessions_revoked: ({ identityId }) => rpc.ok('SessionService', 'revokeIdentitySessions', { identityId }),
  password_changed: ({ identityId }) =>
    rpc.ok('PasswordService', 'setPassword', { identityId, password: `${PASSWORD}-2` }),
  password_reset: async ({ email }) => {
    const { flowToken } = await rpc.ok('EmailService', 'startPasswordReset', { email });
    const code = await codeTo(publicUrl, email);
    await rpc.ok('EmailService', 'completePasswordReset', { flowToken, code, password: `${PASSWORD}-2` });
  },
  email_changed: async ({ sessionId, email: replaces }) => {
    const asked = { sessionId, email: `${freshName('n')}@example.com`, replaces };
    const { flowToken } = await rpc.ok('EmailService', 'startEmailVerification', asked);
    const code = await codeTo(publicUrl, asked.email);
    await rpc.ok('EmailService', 'completeEmailVerification', { flowToken, code });
  },
  account_unlinked: ({ identityId, accountId }) => rpc.ok('OauthService', 'unlinkAccount', { identityId, accountId }),
  first_factor_added: ({ enrol }) => enrol(),
  factor_removed: ({ identityId, factorId }) => rpc.ok('MfaService', 'removeFactor', { identityId, factorId }),
  identifier_removed: ({ identityId, alias: value }) =>
    rpc.ok('IdentityService', 'removeIdentifier', { identityId, type: IdentifierType.USERNAME, value }),
  roles_changed: ({ identityId }) =>
    rpc.ok('IdentityService', 'updateIdentity', { identityId, roles: { values: ['admin'] } }),
  identity_locked: ({ identityId }) =>
    rpc.ok('IdentityService', 'lockIdentity', { identityId, until: new Date(Date.now() + 60_000) }),
  identity_disabled: ({ identityId }) => rpc.ok('IdentityService', 'disableIdentity', { identityId }),
  deletion_requested: ({ sessionId }) => rpc.ok('IdentityService', 'requestDeletion', { sessionId }),
  identity_deleted: ({ identityId }) => rpc.ok('IdentityService', 'deleteIdentity', { identityId }),
});

async function person({ rpc, store }: World, act: Act): Promise<Person> {
  const who = { identifierType: IdentifierType.USERNAME, identifier: freshName('bench'), password: PASSWORD };
  const { sessionId, identity } = await rpc.ok('PasswordService', 'signUpWithPassword', who);
  const identityId = identity?.id ?? '';
  const alias = freshName('alias');
  const email = `${freshName('m')}@example.com`;
  for (const [type, value] of [
    [IdentifierType.USERNAME, alias],
    [IdentifierType.EMAIL, email],
  ] as const)
    await rpc.ok('IdentityService', 'addIdentifier', { identityId, identifier: { type, value, verified: true } });
  const accountId = `lac_${randomBytes(16).toString('hex')}`;
  const account = {
    provider: 'acme',
    issuer: 'https://acme.example',
    subject: accountId,
    email,
    sealedTokens: undefined,
  };
  const row = {
    tenantId: 'default',
    id: accountId,
    identityId,
    ...account,
    createdAt: Date.now(),
    lastUsedAt: Date.now(),
  };
  await store.oauth.link(row, 9, { changes: [], events: [] });
  const enrol = async () => {
    const subject = { subject: { $case: 'sessionId' as const, value: sessionId } };
    const { secret, enrollmentToken } = await rpc.ok('MfaService', 'startTotpEnrollment', { subject });
    const done = { subject, enrollmentToken, code: totpCode(secret, Date.now()) };
    return (await rpc.ok('MfaService', 'completeTotpEnrollment', done)).factor?.id ?? '';
  };
  const factorId = act === 'factor_removed' ? await enrol() : '';
  const other = await rpc.ok('SessionService', 'createSession', { identityId, acr: 'aal1', amr: ['pwd'] });
  return { identityId, sessionId, other: other.sessionId, alias, email, accountId, factorId, enrol };
}

/** A guest's session, and what makes the guest somebody. */
async function guest({ rpc }: World): Promise<Trial> {
  const { sessionId } = await rpc.ok('IdentityService', 'createGuest', {});
  const who = { identifierType: IdentifierType.USERNAME, identifier: freshName('bench'), password: PASSWORD };
  const act = () => rpc.ok('PasswordService', 'signUpWithPassword', { ...who, guestSessionId: sessionId });
  return { rpc, sessionId, holds: isActive, act };
}

/** A trial for each act of the table that ends a session or a Trust Token. */
export function identityTrials(world: World): Trials {
  const done = acts(world);
  const trialOf = (act: Act): (() => Promise<Trial>) => {
    if (act === 'guest_completed') return () => guest(world);
    const run = done[act];
    if (run === undefined) throw new Error(`${act} ends something, and no trial does it`);
    return async () => {
      const who = await person(world, act);
      const holds = CASCADE[act].sessions === 'kept' ? undefined : isActive;
      return { rpc: world.rpc, sessionId: who.other, holds, act: () => run(who) };
    };
  };
  // Whatever ends a session ends its Trust Tokens.
  const ending = (Object.keys(CASCADE) as Act[]).filter((act) => CASCADE[act].trustTokens !== 'kept');
  return ending.map((act) => [act, trialOf(act)]);
}
