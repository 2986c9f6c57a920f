import { type Instant, MINUTE } from '../../kernel/clock.ts';

/** How long a challenge may be answered (spec PKY-2). */
export const CHALLENGE_LIFETIME = 5 * MINUTE;

/** Passkeys that one identity may have. */
export const MAX_PASSKEYS = 20;

/** A registered passkey: its public half. */
export type Passkey = {
  readonly tenantId: string;
  /** Chosen by the authenticator, base64url. */
  readonly credentialId: string;
  readonly identityId: string;
  readonly id: string;
  readonly label: string;
  /** COSE key, base64url. */
  readonly publicKey: string;
  /** Uses that the authenticator counts; 0 where it does not. */
  readonly counter: number;
  readonly transports: readonly string[];
  readonly createdAt: Instant;
  readonly lastUsedAt: Instant | undefined;
};

/** A challenge that was answered, as the store keeps it until nobody could answer it any more. */
export type SpentChallenge = { readonly tenantId: string; readonly digest: string; readonly expiresAt: Instant };
