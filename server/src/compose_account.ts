import type { AuditStore } from './features/audit/store.ts';
import { type ChangeDeps, removeEmail, renameIdentity } from './features/identity/change_identity.ts';
import { revokeIdentitySessions } from './features/identity/revoke_identity_sessions.ts';
import { listSessions } from './features/session/list_sessions.ts';
import { revokeSession } from './features/session/revoke_session.ts';

/** What people do with their own account, on the pages and by RPC. */
export const composeAccount = (
  deps: ChangeDeps &
    Parameters<typeof listSessions>[0] &
    Parameters<typeof revokeSession>[0] & { readonly audit: Pick<AuditStore, 'list'> },
) => ({
  renameIdentity: renameIdentity(deps),
  removeEmail: removeEmail(deps),
  listSessions: listSessions(deps),
  revokeSession: revokeSession(deps),
  revokeIdentitySessions: revokeIdentitySessions(deps),
  listEvents: deps.audit.list,
});
