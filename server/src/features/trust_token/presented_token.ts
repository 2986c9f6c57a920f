import { TrustError } from '../../errors/trust_error.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Keyring } from '../signing_key/keyring.ts';
import type { OriginOf } from '../tenant/origins.ts';
import type { TrustTokenClaims } from './claims.ts';

/** Verifies a token as its audience would (spec TOK-30). Errors: TRUST_TOKEN_REJECTED, with the code of the failed check as metadata `code`. */
export type VerifyPresented = (input: {
  readonly tenantId: string;
  /** The service that presents the token: the audience that it must have. */
  readonly audience: string;
  readonly trustToken: string;
}) => Promise<TrustTokenClaims>;

/** The SDK's own verifier over this node's keys, so that server and services judge a token alike. */
export function verifyPresented(deps: {
  readonly keyring: Pick<Keyring, 'publicKeys'>;
  readonly originOf: OriginOf;
  readonly clock: Clock;
}): VerifyPresented {
  return async ({ tenantId, audience, trustToken }) => {
    // Loaded by the first exchange: the whole SDK comes with it, and most servers never exchange.
    const { TrustTokenError, Verifier } = await import('@trust-layer/sdk');
    // Read ahead of the check, so that a failure to read them keeps its own reason.
    const keys = await deps.keyring.publicKeys(tenantId);
    const issuer = await deps.originOf(tenantId);
    const keySource = { get: (kid: string) => keys.find((key) => key.kid === kid) };
    const verifier = new Verifier({ issuer, audience, tenantId, keySource, clock: deps.clock });
    try {
      return await verifier.verify(trustToken);
    } catch (error) {
      if (!(error instanceof TrustTokenError)) throw error;
      throw new TrustError('TRUST_TOKEN_REJECTED', { metadata: { code: error.code } });
    }
  };
}
