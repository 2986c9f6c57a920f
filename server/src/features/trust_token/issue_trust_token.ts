import { TrustError } from '../../errors/trust_error.ts';
import { type Instant, SECOND, type Span } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import type { VerifySession } from '../session/verify_session.ts';
import type { ClientFacts } from '../session_binding/binding.ts';
import type { Keyring } from '../signing_key/keyring.ts';
import type { TenantSettings } from '../tenant/tenant.ts';
import { issuedClaims, newFrame } from './claims.ts';
import { signToken } from './sign_token.ts';
import type { TokenAudit } from './token_audit.ts';

export type IssuedToken = { readonly trustToken: string; readonly expiresAt: Instant };

/** Errors: INVALID_FIELD (too long), SESSION_REJECTED, AUDIENCE_NOT_ALLOWED, SIGNING_KEY_UNAVAILABLE. */
export type IssueTrustToken = (input: {
  readonly tenantId: string;
  /** The calling service, and the audiences that it may ask for. */
  readonly actor: string;
  readonly audiences: ReadonlySet<string>;
  readonly sessionId: string;
  /** Who presents it. */
  readonly client: ClientFacts;
  readonly audience: string;
  readonly scope: readonly string[];
  /** Undefined means the tenant's. */
  readonly lifetime: Span | undefined;
  readonly transactionContext: Readonly<Record<string, string>>;
  readonly requestContext: Readonly<Record<string, string>>;
}) => Promise<IssuedToken>;

/** Turns an active session into a token for one audience. The session is looked up last, after `iat` was read: nothing is awaited between verdict and token. */
export function issueTrustToken(deps: {
  readonly verify: VerifySession;
  readonly keyring: Pick<Keyring, 'signer'>;
  readonly settings: (tenantId: string) => Promise<TenantSettings>;
  readonly audit: TokenAudit;
  /** The instant for a token whose session is looked up from now on (spec WAT-26). */
  readonly stamp: () => Promise<Instant>;
  readonly newId: NewId;
}): IssueTrustToken {
  return async ({ tenantId, actor, audience, ...input }) => {
    try {
      if (!input.audiences.has(audience)) throw new TrustError('AUDIENCE_NOT_ALLOWED');
      const signer = await deps.keyring.signer(tenantId);
      const lifetime = input.lifetime ?? (await deps.settings(tenantId)).trustTokenLifetime;
      await deps.audit.ready();
      const now = await deps.stamp();
      const verdict = await deps.verify(tenantId, input.sessionId, input.client);
      if (!verdict.active) throw new TrustError('SESSION_REJECTED');
      const frame = newFrame(deps, {
        issuer: signer.issuer,
        audience,
        caller: actor,
        scope: input.scope,
        lifetime,
        now,
      });
      const claims = issuedClaims(frame, verdict.session, verdict, {
        txn: deps.newId('txn'),
        transaction: input.transactionContext,
        request: input.requestContext,
      });
      const blame = [...(claims.tctx ? ['transaction_context'] : []), ...(claims.rctx ? ['request_context'] : [])];
      const trustToken = signToken(signer, claims, blame);
      deps.audit.issued(actor, claims);
      return { trustToken, expiresAt: claims.exp * SECOND };
    } catch (error) {
      throw deps.audit.refused({ tenantId, actor, audience }, error);
    }
  };
}
