import type { Act } from '../cascade/cascade.ts';

/** Which mail tells the owner of an account of an act: the one table (spec MAIL-6). Null: nothing changes by which they prove who they are. */
export const NOTICES = {
  password_changed: 'password_changed',
  password_reset: 'password_changed',
  first_factor_added: 'factor_added',
  factor_added: 'factor_added',
  factor_removed: 'factor_removed',
  recovery_codes_made: 'recovery_codes_made',
  account_linked: 'account_linked',
  account_unlinked: 'account_unlinked',
  email_changed: 'identifier_changed',
  identifier_added: 'identifier_changed',
  identifier_removed: 'identifier_changed',
  sessions_revoked: null,
  devices_forgotten: null,
  roles_changed: null,
  identity_disabled: null,
  identity_locked: null,
  guest_completed: null,
  deletion_requested: null,
  identity_deleted: null,
} as const satisfies Readonly<Record<Act, string | null>>;

/** The mails that tell of acts done at once: each once. */
export const noticesOf = (acts: readonly Act[]) => [
  ...new Set(acts.flatMap((act) => (NOTICES[act] === null ? [] : [NOTICES[act]]))),
];
