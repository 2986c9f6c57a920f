import { TrustError } from '../../errors/trust_error.ts';
import { type Instant, SECOND, type Span } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import type { VerifySessionHandle } from '../session/verify_session.ts';
import type { Keyring } from '../signing_key/keyring.ts';
import type { TenantSettings } from '../tenant/tenant.ts';
import { exchangedClaims, newFrame, type TrustTokenClaims } from './claims.ts';
import type { IssuedToken } from './issue_trust_token.ts';
import type { VerifyPresented } from './presented_token.ts';
import { signToken } from './sign_token.ts';
import type { TokenAudit } from './token_audit.ts';

/** Errors: INVALID_FIELD (too long), TRUST_TOKEN_REJECTED, SESSION_REJECTED, AUDIENCE_NOT_ALLOWED, SCOPE_WIDENED, ACT_CHAIN_TOO_LONG, SIGNING_KEY_UNAVAILABLE. */
export type ExchangeTrustToken = (input: {
  readonly tenantId: string;
  /** The calling service, and the audiences that it may ask for. */
  readonly actor: string;
  readonly audiences: ReadonlySet<string>;
  readonly trustToken: string;
  readonly audience: string;
  readonly scope: readonly string[];
  /** Undefined means the tenant's. */
  readonly lifetime: Span | undefined;
}) => Promise<IssuedToken>;

/** Turns a token for the calling service into a narrower one for the next service, while the session is active (spec TOK-30 to TOK-32). */
export function exchangeTrustToken(deps: {
  readonly verifyPresented: VerifyPresented;
  readonly verifyHandle: VerifySessionHandle;
  readonly keyring: Pick<Keyring, 'signer'>;
  readonly settings: (tenantId: string) => Promise<TenantSettings>;
  readonly audit: TokenAudit;
  /** The instant for a token whose session is looked up from now on (spec WAT-26). */
  readonly stamp: () => Promise<Instant>;
  readonly newId: NewId;
}): ExchangeTrustToken {
  return async ({ tenantId, actor, audience, ...input }) => {
    let presented: TrustTokenClaims | undefined;
    try {
      if (!input.audiences.has(audience)) throw new TrustError('AUDIENCE_NOT_ALLOWED');
      presented = await deps.verifyPresented({ tenantId, audience: actor, trustToken: input.trustToken });
      const signer = await deps.keyring.signer(tenantId);
      const lifetime = input.lifetime ?? (await deps.settings(tenantId)).trustTokenLifetime;
      await deps.audit.ready();
      const now = await deps.stamp();
      const verdict = await deps.verifyHandle(tenantId, presented.sid);
      if (!verdict.active) throw new TrustError('SESSION_REJECTED');
      // What the token says was ended by an act that the session outlived.
      if (presented.epoch < verdict.session.epoch) {
        throw new TrustError('TRUST_TOKEN_REJECTED', { metadata: { code: 'TOKEN_REVOKED' } });
      }
      const frame = newFrame(deps, {
        issuer: signer.issuer,
        audience,
        caller: actor,
        scope: input.scope,
        lifetime,
        now,
      });
      const claims = exchangedClaims(frame, presented, verdict);
      const trustToken = signToken(signer, claims, ['trust_token']);
      deps.audit.exchanged(actor, claims);
      return { trustToken, expiresAt: claims.exp * SECOND };
    } catch (error) {
      const known = { handle: presented?.sid, identityId: presented?.sub };
      throw deps.audit.refused({ tenantId, actor, audience, ...known }, error);
    }
  };
}
