import type { Instant } from '../../kernel/clock.ts';

/** Rows that nobody asks for any more once their time is over. */
export type Perishable =
  | 'pending_sign_in'
  | 'mail_proof'
  | 'oauth_attempt'
  | 'passkey_challenge'
  | 'remembered_device'
  | 'known_device'
  | 'mail'
  | 'invitation'
  | 'sign_in_code'
  | 'session';

export type PurgeStore = {
  /** Deletes at most `limit` rows that ended before an instant, the oldest first; answers how many. */
  purge(kind: Perishable, before: Instant, limit: number): Promise<number>;
};
