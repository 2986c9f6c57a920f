import { z } from 'zod';
import { checked, client, optionalNumber, secretText, serviceName, textMap } from '../../contract/fields.ts';
import type {
  ExchangeTrustTokenRequest,
  ExchangeTrustTokenResponse,
  GetTrustKeysRequest,
  GetTrustKeysResponse,
  IssueTrustTokenRequest,
  IssueTrustTokenResponse,
} from '../../contract/gen/trust/v1/trust_token.ts';
import { timestamp } from '../../contract/messages.ts';
import type { Handler } from '../../contract/rpc.ts';
import { SECOND, type Span } from '../../kernel/clock.ts';
import type { Keyring } from '../signing_key/keyring.ts';
import { JWKS_CACHING } from '../signing_key/signing_key.ts';
import type { OriginOf } from '../tenant/origins.ts';
import { MAX_LIFETIME, MIN_LIFETIME } from './claims.ts';
import type { ExchangeTrustToken } from './exchange_trust_token.ts';
import type { IssuedToken, IssueTrustToken } from './issue_trust_token.ts';
import { MAX_TOKEN_BYTES } from './sign_token.ts';

export type TrustTokenRpc = {
  readonly issueTrustToken: Handler<IssueTrustTokenRequest, IssueTrustTokenResponse>;
  readonly exchangeTrustToken: Handler<ExchangeTrustTokenRequest, ExchangeTrustTokenResponse>;
  readonly getTrustKeys: Handler<GetTrustKeysRequest, GetTrustKeysResponse>;
};

/** The handlers of TrustTokenService. */
export function trustTokenRpc(useCases: {
  readonly issueTrustToken: IssueTrustToken;
  readonly exchangeTrustToken: ExchangeTrustToken;
  readonly keyring: Pick<Keyring, 'publicKeys'>;
  readonly originOf: OriginOf;
}): TrustTokenRpc {
  return {
    async issueTrustToken(request, { tenantId, caller }) {
      const { lifetimeSeconds, ...fields } = checked(issueFields, request);
      const called = { tenantId, actor: caller.service, audiences: caller.audiences };
      return tokenMessage(
        await useCases.issueTrustToken({ ...fields, ...called, lifetime: lifetimeOf(lifetimeSeconds) }),
      );
    },

    async exchangeTrustToken(request, { tenantId, caller }) {
      const { lifetimeSeconds, ...fields } = checked(exchangeFields, request);
      const called = { tenantId, actor: caller.service, audiences: caller.audiences };
      return tokenMessage(
        await useCases.exchangeTrustToken({ ...fields, ...called, lifetime: lifetimeOf(lifetimeSeconds) }),
      );
    },

    async getTrustKeys(_request, { tenantId }) {
      const keys = await useCases.keyring.publicKeys(tenantId);
      return {
        keys: keys.map(({ kid, alg, jwk }) => ({ kid, alg, jwk })),
        issuer: await useCases.originOf(tenantId),
        cacheForSeconds: JWKS_CACHING / SECOND,
      };
    },
  };
}

const scope = z
  .array(z.string().regex(/^[\x21\x23-\x5B\x5D-\x7E]{1,64}$/, 'must be 1 to 64 characters of RFC 6749, section 3.3'))
  .max(32, 'must have at most 32 entries');

const lifetimeSeconds = optionalNumber(MIN_LIFETIME / SECOND, MAX_LIFETIME / SECOND);

const context = textMap(16, 64, 256);

const issueFields = z.object({
  sessionId: secretText,
  audience: serviceName,
  scope,
  lifetimeSeconds,
  transactionContext: context,
  requestContext: context,
  client,
});

const exchangeFields = z.object({
  trustToken: z
    .string()
    .min(1, 'is required')
    .refine((text) => Buffer.byteLength(text) <= MAX_TOKEN_BYTES, `must be at most ${MAX_TOKEN_BYTES} bytes`),
  audience: serviceName,
  scope,
  lifetimeSeconds,
});

const lifetimeOf = (seconds: number): Span | undefined => (seconds === 0 ? undefined : seconds * SECOND);

const tokenMessage = ({ trustToken, expiresAt }: IssuedToken) => ({ trustToken, expiresAt: timestamp(expiresAt) });
