import type { SigningAlgorithm } from '../../server/src/features/signing_key/signing_key.ts';
import { exchangeTrustToken } from '../../server/src/features/trust_token/exchange_trust_token.ts';
import { issueTrustToken } from '../../server/src/features/trust_token/issue_trust_token.ts';
import { verifyPresented } from '../../server/src/features/trust_token/presented_token.ts';
import { tokenAudit } from '../../server/src/features/trust_token/token_audit.ts';
import { signingWorld } from './signing_world.ts';

/** A world that issues and exchanges Trust Tokens: `edge` may ask for `orders`, `orders` for `billing` and itself. */
export async function tokenWorld(options: { alg?: SigningAlgorithm; auditLimit?: number } = {}) {
  const world = signingWorld(options.alg);
  await world.ensure();
  const audit = tokenAudit({ ...world, audit: world.stores.audit, limit: options.auditLimit ?? 1000 });
  const stamps = { refusal: undefined as Error | undefined };
  const stamp = async () => {
    if (stamps.refusal !== undefined) throw stamps.refusal;
    return world.clock();
  };
  const deps = { ...world, audit, stamp };
  const issue = issueTrustToken(deps);
  const exchange = exchangeTrustToken({ ...deps, verifyPresented: verifyPresented(deps) });
  const common = { tenantId: 'default', scope: [], lifetime: undefined };
  return {
    ...world,
    audit,
    stamps,
    issue,
    exchange,
    askIssue: (sessionId: string, given: Partial<Parameters<typeof issue>[0]> = {}) =>
      issue({
        ...common,
        actor: 'edge',
        audiences: new Set(['orders']),
        sessionId,
        audience: 'orders',
        transactionContext: {},
        requestContext: {},
        client: { ipAddress: '', userAgent: '' },
        ...given,
      }),
    askExchange: (trustToken: string, given: Partial<Parameters<typeof exchange>[0]> = {}) =>
      exchange({
        ...common,
        actor: 'orders',
        audiences: new Set(['billing', 'orders']),
        trustToken,
        audience: 'billing',
        ...given,
      }),
    /** What the audit trail holds of tokens, once flushed. */
    recorded: async () => {
      await audit.flush();
      return world.stores.events.filter(({ action }) => action.startsWith('trust_token.'));
    },
  };
}

/** The payload of a token, unverified. */
export const payloadOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
