import { createPrivateKey } from 'node:crypto';
import { SignJWT } from 'jose';
import type { OauthProviderConfig } from '../config/oauth_settings.ts';
import type { Clock } from '../kernel/clock.ts';

const LIFETIME_S = 300;

/** Apple's client secret: a JWT that the client's key signs anew each time. */
export function signedClientSecret(
  { teamId, keyId, pem }: NonNullable<OauthProviderConfig['clientKey']>,
  clientId: string,
  issuer: string,
  clock: Clock,
): () => Promise<string> {
  const key = createPrivateKey(pem);
  return () => {
    const now = Math.floor(clock() / 1_000);
    return new SignJWT()
      .setProtectedHeader({ alg: 'ES256', kid: keyId })
      .setIssuer(teamId)
      .setSubject(clientId)
      .setAudience(issuer)
      .setIssuedAt(now)
      .setExpirationTime(now + LIFETIME_S)
      .sign(key);
  };
}
