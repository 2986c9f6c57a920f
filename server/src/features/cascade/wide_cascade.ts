import type { Effects } from './cascade.ts';

/**
 * What an act that is not about one identity alone does to what was there before it. `organisation_ended`: sessions go on without the
 * organisation, and what speaks of it ends. `acting_ended`: what others began with it to act for a person ends. `held`: refused until the act is
 * taken back; time-outs run on.
 */
export type WideEffect = 'kept' | 'organisation_ended' | 'acting_ended' | 'held' | 'ended';

export type WideAct =
  | 'role_changed'
  | 'member_roles_changed'
  | 'member_removed'
  | 'organisation_deleted'
  | 'service_key_revoked'
  | 'tenant_suspended';

export type WideEffects = { readonly [Column in keyof Effects]: WideEffect };

const KEPT: WideEffects = {
  sessions: 'kept',
  trustTokens: 'kept',
  codes: 'kept',
  pendingSignIns: 'kept',
  rememberedDevices: 'kept',
  linkedAccounts: 'kept',
};

/** The second half of the table (spec ACC-1). No epoch carries these ends: the version of an organisation does, the end of single sessions, or the tenant. */
export const WIDE_CASCADE: Readonly<Record<WideAct, WideEffects>> = {
  // Verdicts are read anew; a token says the old permissions, or roles. A role that is deleted permits nothing any more.
  role_changed: { ...KEPT, trustTokens: 'organisation_ended' },
  member_roles_changed: { ...KEPT, trustTokens: 'organisation_ended' },
  member_removed: { ...KEPT, sessions: 'organisation_ended', trustTokens: 'organisation_ended' },
  organisation_deleted: { ...KEPT, sessions: 'organisation_ended', trustTokens: 'organisation_ended' },
  // Who is signed in stays so, whichever service they came by.
  service_key_revoked: { ...KEPT, sessions: 'acting_ended', trustTokens: 'acting_ended' },
  // A suspension is taken back more often than not, and people have done nothing. Signing keys do not come back: a token is trusted without asking.
  tenant_suspended: {
    sessions: 'held',
    trustTokens: 'ended',
    codes: 'held',
    pendingSignIns: 'held',
    rememberedDevices: 'held',
    linkedAccounts: 'held',
  },
};
