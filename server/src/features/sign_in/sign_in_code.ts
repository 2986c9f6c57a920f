import { type Instant, SECOND } from '../../kernel/clock.ts';

/** How long a code lives (spec RED-3). */
export const CODE_LIFETIME = 60 * SECOND;

/** A one-time code of the redirect flow, as the store keeps it. */
export type SignInCode = {
  readonly tenantId: string;
  readonly digest: string;
  readonly identityId: string;
  /** Epoch of the identity when the person signed in: a code from before "sign out everywhere" makes no session. */
  readonly epoch: number;
  readonly codeChallenge: string;
  readonly returnTo: string;
  readonly acr: string;
  readonly amr: readonly string[];
  readonly authenticatedAt: Instant;
  readonly expiresAt: Instant;
};
