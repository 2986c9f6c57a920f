import type { Instant } from '../../kernel/clock.ts';

/** What an act does to what was there before it. `others_ended`: all end but the one in which the act was done. */
export type Effect = 'kept' | 'others_ended' | 'ended';

/** What may outlive an act: the columns of the table. */
export type Effects = {
  readonly sessions: Effect;
  readonly trustTokens: Effect;
  /** One-time codes that were not used yet. */
  readonly codes: Effect;
  readonly pendingSignIns: Effect;
  readonly rememberedDevices: Effect;
  /** Accounts elsewhere that sign in. */
  readonly linkedAccounts: 'kept' | 'ended';
};

export type Act =
  | 'sessions_revoked'
  | 'password_changed'
  | 'password_reset'
  | 'first_factor_added'
  | 'factor_added'
  | 'factor_removed'
  | 'recovery_codes_made'
  | 'devices_forgotten'
  | 'account_linked'
  | 'account_unlinked'
  | 'identifier_added'
  | 'identifier_removed'
  | 'email_changed'
  | 'roles_changed'
  | 'identity_disabled'
  | 'identity_locked'
  | 'guest_completed'
  | 'deletion_requested'
  | 'identity_deleted';

const ALL_KEPT: Effects = {
  sessions: 'kept',
  trustTokens: 'kept',
  codes: 'kept',
  pendingSignIns: 'kept',
  rememberedDevices: 'kept',
  linkedAccounts: 'kept',
};

/** All that was proved by the credentials of before; the credentials are what they are. */
const ALL_ENDED: Effects = {
  sessions: 'ended',
  trustTokens: 'ended',
  codes: 'ended',
  pendingSignIns: 'ended',
  rememberedDevices: 'ended',
  linkedAccounts: 'kept',
};

/** Whoever does it goes on in the session, or the sign-in, in which it is done; where that is none, nothing goes on. */
const OTHERS_ENDED: Effects = { ...ALL_ENDED, sessions: 'others_ended', pendingSignIns: 'others_ended' };

/**
 * What each act ends: the one table (spec ACC-1). The epoch of the identity carries every end, so whatever ends anything ends the Trust Tokens
 * too; what is kept moves on into the new epoch.
 */
export const CASCADE: Readonly<Record<Act, Effects>> = {
  sessions_revoked: ALL_ENDED,
  password_changed: OTHERS_ENDED,
  // Who has lost the password proves an address and begins anew: no session is their own.
  password_reset: ALL_ENDED,
  // Sessions from before never proved the factor, and would never be asked for it.
  first_factor_added: OTHERS_ENDED,
  factor_added: ALL_KEPT,
  factor_removed: OTHERS_ENDED,
  recovery_codes_made: ALL_KEPT,
  devices_forgotten: { ...ALL_KEPT, rememberedDevices: 'ended' },
  account_linked: ALL_KEPT,
  // Whoever has the account elsewhere may be in; a person who takes it away stays.
  account_unlinked: OTHERS_ENDED,
  identifier_added: ALL_KEPT,
  // It proves nothing any more: what was begun by it ends, what was proved stays.
  identifier_removed: { ...OTHERS_ENDED, sessions: 'kept' },
  // Whoever reads the mail of the old address may be in.
  email_changed: OTHERS_ENDED,
  // Trust Tokens say the old roles until they end; verdicts are read anew.
  roles_changed: { ...ALL_KEPT, trustTokens: 'ended' },
  identity_disabled: ALL_ENDED,
  identity_locked: ALL_ENDED,
  // Whoever knew the guest's session must not have the account's.
  guest_completed: ALL_ENDED,
  deletion_requested: ALL_ENDED,
  identity_deleted: { ...ALL_ENDED, linkedAccounts: 'ended' },
};

/** What an act is done from. */
export type Place = { readonly userAgent: string; readonly ipAddress: string };

/** The session, and the pending sign-in, in which an act is done; and from where, if that is known. */
export type Within = {
  readonly sessionHandle?: string | undefined;
  readonly pendingDigest?: string | undefined;
  readonly place?: Place | undefined;
};

/** Done from there; where the caller does not say, from where the session is. */
export const doneFrom = (within: Within, { userAgent, ipAddress }: Place): Within =>
  userAgent === '' && ipAddress === '' ? within : { ...within, place: { userAgent, ipAddress } };

/** What acts end. Stands in the trail of their own write, and is carried out in its transaction (spec ACC-2). */
export type Ending = {
  readonly tenantId: string;
  readonly identityId: string;
  readonly acts: readonly Act[];
  readonly within?: Within | undefined;
  readonly at: Instant;
  /** Where the write raises them itself: epoch and version of the identity after it. */
  readonly raised?: { readonly epoch: number; readonly version: number } | undefined;
};

const STRENGTH: readonly Effect[] = ['kept', 'others_ended', 'ended'];

/** What several acts at once do: of each column the strongest. */
export function effectsOf(acts: readonly Act[]): Effects {
  const strongest = (column: keyof Effects): Effect =>
    STRENGTH[Math.max(0, ...acts.map((act) => STRENGTH.indexOf(CASCADE[act][column])))] ?? 'ended';
  return {
    sessions: strongest('sessions'),
    trustTokens: strongest('trustTokens'),
    codes: strongest('codes'),
    pendingSignIns: strongest('pendingSignIns'),
    rememberedDevices: strongest('rememberedDevices'),
    linkedAccounts: strongest('linkedAccounts') === 'kept' ? 'kept' : 'ended',
  };
}

/** Whether acts need a new epoch of their identity. */
export const raisesEpoch = (acts: readonly Act[]): boolean => effectsOf(acts).trustTokens !== 'kept';
