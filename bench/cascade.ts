// For each act of the cascade: from the answer of its RPC at one node to the no of each SDK at another, for sessions from memory and for Trust Tokens
// that are verified offline.
import { randomBytes } from 'node:crypto';
import { IdentifierType } from '../server/src/contract/gen/trust/v1/identity.ts';
import { type Act, CASCADE } from '../server/src/features/cascade/cascade.ts';
import { openStore, type Store } from '../server/src/store/store.ts';
import { Probe } from '../test/conformance/probe.ts';
import { findSdks } from '../test/conformance/sdks.ts';
import { mailedTo } from '../test/support/outbox_page.ts';
import { postgresAbsence, postgresServer } from '../test/support/postgres.ts';
import { RpcCaller } from '../test/support/rpc_caller.ts';
import { freshName } from '../test/support/shared_server.ts';
import { totpCode } from '../test/support/totp_code.ts';
import { twoNodes } from '../test/support/two_nodes.ts';
import { type Options, progress, type Report, type Row, rounded } from './report.ts';

const BOUND = 2_000;
const PASSWORD = 'violet-otter-battery';
const AUDIENCE = 'dev';

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
const acts = (rpc: RpcCaller, publicUrl: string): Partial<Record<Act, (who: Person) => Promise<unknown>>> => ({
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

async function person(rpc: RpcCaller, store: Pick<Store, 'oauth'>, act: Act): Promise<Person> {
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

type Asked = (probe: Probe, value: string) => Promise<boolean>;

const sessionHolds: Asked = async (probe, session_id) => {
  const answer = await probe.ask('verify', { session_id });
  return 'ok' in answer && (answer.ok as { active?: boolean }).active === true;
};
const tokenHolds: Asked = async (probe, trust_token) =>
  'ok' in (await probe.ask('verify_trust_token', { trust_token }));

/** Milliseconds from `began` to the first no. */
async function untilNo(holds: Asked, probe: Probe, value: string, began: () => number): Promise<number> {
  while (await holds(probe, value)) if (performance.now() - began() > 5 * BOUND) break;
  return performance.now() - began();
}

export async function run({ quick }: Options): Promise<Report> {
  const absence = postgresAbsence();
  if (absence !== undefined) return { rows: [], notes: [absence] };
  const rounds = quick ? 3 : 10;
  const url = await (await postgresServer()).createDatabase();
  const two = await twoNodes({ TRUST_LOG_LEVEL: 'warn' }, { url, elsewhere: url });
  const store = await openStore({ databaseUrl: url });
  const [a, b] = two.nodes;
  const rpc = new RpcCaller(a.grpcAddress, a.serviceKey);
  const probes = findSdks().flatMap(({ name, sdk }) => (sdk === undefined ? [] : [{ name, probe: new Probe(sdk) }]));
  const rows: Row[] = [];
  try {
    for (const { probe } of probes) {
      const settings = { address: b.grpcAddress, service_key: b.serviceKey, issuer: a.publicUrl, audience: AUDIENCE };
      await probe.ask('configure', { ...settings, verifier_watches: true });
    }
    for (const [act, run] of Object.entries(acts(rpc, a.publicUrl)) as [Act, (who: Person) => Promise<unknown>][]) {
      progress(act);
      const worst = new Map<string, number>();
      for (let round = 0; round < rounds; round++) {
        const who = await person(rpc, store, act);
        const request = { sessionId: who.other, audience: AUDIENCE };
        const { trustToken } = await rpc.ok('TrustTokenService', 'issueTrustToken', request);
        for (const { name, probe } of probes) {
          // Twice, so that the second comes from memory.
          for (let n = 0; n < 2; n++)
            if (!((await sessionHolds(probe, who.other)) && (await tokenHolds(probe, trustToken))))
              throw new Error(`${name} says no before ${act}`);
        }
        await run(who);
        const began = performance.now();
        const ends = CASCADE[act].sessions !== 'kept';
        await Promise.all(
          probes.map(async ({ name, probe }) => {
            const note = (what: string, ms: number) =>
              worst.set(`${name} ${what}`, Math.max(worst.get(`${name} ${what}`) ?? 0, ms));
            const since = () => began;
            await Promise.all([
              ends && untilNo(sessionHolds, probe, who.other, since).then((ms) => note('session', ms)),
              untilNo(tokenHolds, probe, trustToken, since).then((ms) => note('token', ms)),
            ]);
          }),
        );
      }
      const late = [...worst].filter(([, ms]) => ms > BOUND);
      if (late.length > 0) throw new Error(`${act}: later than the bound of ${BOUND} ms: ${JSON.stringify(late)}`);
      const columns = probes.flatMap(({ name }) =>
        ['session', 'token'].map((what) => [`${name} ${what}`, worst.get(`${name} ${what}`)] as const),
      );
      rows.push({
        act,
        ...Object.fromEntries(columns.map(([name, ms]) => [name, ms === undefined ? 'kept' : rounded(ms)])),
      });
    }
  } finally {
    for (const { probe } of probes) probe.close();
    rpc.close();
    await store.close();
    await two.remove();
  }
  return {
    rows,
    notes: [
      `Longest of ${rounds} rounds, in milliseconds, from the answer of the act at one node (PostgreSQL) to the no of each SDK, which watches another. A round asks the four SDKs at once and without pause.`,
      `session: verify, answered from memory before the act. token: verified offline. Whatever is later than the staleness bound of ${BOUND} ms fails the run.`,
    ],
  };
}
