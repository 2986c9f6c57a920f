import type { Instant } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';

/** Security-relevant acts (spec chapter 7). */
export type AuditAction =
  | `session.${'created' | 'revoked' | 'rotated' | 'refused' | 'organisation_set'}`
  | `identity.${'created' | 'updated' | 'disabled' | 'locked' | 'enabled' | 'deleted' | 'sessions_revoked' | 'deletion_requested' | 'deletion_cancelled'}`
  | `identifier.${'added' | 'removed' | 'verified'}`
  | `password.${'signed_up' | 'signed_in' | 'rejected' | 'changed'}`
  | `sign_in_code.${'issued' | 'exchanged' | 'rejected' | 'replayed'}`
  | `trust_token.${'issued' | 'exchanged' | 'rejected'}`
  | `service.${'put' | 'deleted'}`
  | `service_key.${'created' | 'rotated' | 'revoked'}`
  | `signing_key.${'created' | 'activated' | 'retiring' | 'retired'}`
  | `factor.${'enrolled' | 'removed' | 'proved' | 'rejected'}`
  | 'recovery_codes.made'
  | `device.${'remembered' | 'forgotten' | 'new'}`
  | `sign_in.${'pending' | 'stepped_up' | 'suspicious'}`
  | `mail_proof.${'started' | 'accepted' | 'rejected'}`
  | `mail.${'sent' | 'given_up'}`
  | `organisation.${'created' | 'updated' | 'deleted' | 'role_put' | 'role_deleted'}`
  | `organisation.member_${'added' | 'updated' | 'removed'}`
  | `invitation.${'created' | 'revoked' | 'accepted'}`
  | `webhook.${'created' | 'deleted' | 'secret_rotated' | 'replayed' | 'disabled'}`
  | `oauth.${'signed_in' | 'signed_up' | 'rejected'}`
  | `account.${'linked' | 'unlinked' | 'tokens_read'}`
  | `tenant.${'created' | 'updated' | 'suspended' | 'resumed'}`;

/** One act. Holds no secret, no password and no identifier (spec AUD-2). */
export type AuditEvent = {
  readonly id: string;
  readonly tenantId: string;
  readonly at: Instant;
  readonly action: AuditAction;
  readonly actor: string;
  readonly identityId: string;
  readonly subject: string;
  readonly facts: Readonly<Record<string, string>>;
};

/** Who acts: the tenant of the call and the name that the audit trail shows. */
export type Actor = { readonly tenantId: string; readonly name: string };

/** Makes an event; features build their trails with it. */
export function auditEvent(
  by: Actor,
  at: Instant,
  newId: NewId,
  action: AuditAction,
  about: { identityId?: string; subject?: string; facts?: Record<string, string> } = {},
): AuditEvent {
  return {
    id: newId('aud'),
    tenantId: by.tenantId,
    at,
    action,
    actor: by.name,
    identityId: about.identityId ?? '',
    subject: about.subject ?? '',
    facts: about.facts ?? {},
  };
}
