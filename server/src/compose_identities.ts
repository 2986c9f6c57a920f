import type { PageTokens } from './contract/page_tokens.ts';
import { actingRpc } from './features/acting/rpc.ts';
import { startDelegation, startImpersonation } from './features/acting/start_acting.ts';
import { createGuest } from './features/guest/create_guest.ts';
import { guestRpc } from './features/guest/rpc.ts';
import { createIdentity } from './features/identity/create_identity.ts';
import { removeIdentity } from './features/identity/remove_identity.ts';
import { identityRpc } from './features/identity/rpc.ts';
import type { MailWriter } from './features/mail/write_mail.ts';
import { deleteDue, deletePerson, requestDeletion } from './features/personal_data/deletion.ts';
import { exportIdentity } from './features/personal_data/export_identity.ts';
import { personalDataRpc } from './features/personal_data/rpc.ts';
import type { LimitAttempts } from './features/rate_limit/limit_attempts.ts';
import type { CreateSession } from './features/session/create_session.ts';
import type { RevokeSession } from './features/session/revoke_session.ts';
import type { Store } from './store/store.ts';

type Parts = Omit<
  Parameters<typeof exportIdentity>[0],
  'listEvents' | 'listMemberships' | 'listAccounts' | 'listDevices' | 'hasPassword'
> &
  Omit<Parameters<typeof deletePerson>[0], 'identities' | 'removeIdentity'> &
  Omit<Parameters<typeof requestDeletion>[0], 'factors' | 'deletePerson'> & {
    readonly store: Pick<
      Store,
      'identities' | 'mfa' | 'audit' | 'organisations' | 'passwords' | 'oauth' | 'knownDevices'
    >;
    readonly createSession: CreateSession;
    readonly pageTokens: PageTokens;
    readonly limitAttempts: LimitAttempts;
    readonly mails: Pick<MailWriter, 'tell'>;
    readonly revokeSession: RevokeSession;
  };

/** Wires identities, what a person may ask about their own data, and who acts for them. */
export function composeIdentities({ store, ...parts }: Parts) {
  const base = { ...parts, identities: store.identities };
  const remove = removeIdentity(base);
  const revoke = (tenantId: string, actor: string, handle: string) =>
    parts.revokeSession({ tenantId, actor, target: { handle } });
  const deleteNow = deletePerson({ ...base, removeIdentity: remove });
  const copyOf = exportIdentity({
    ...base,
    listEvents: store.audit.list,
    listMemberships: store.organisations.listMemberships,
    listAccounts: store.oauth.list,
    listDevices: store.knownDevices.list,
    hasPassword: async (...who) => (await store.passwords.read(...who)) !== undefined,
  });
  const actingDeps = { ...parts, revoke };
  return {
    /** For the pages. */
    personalData: { deletePerson: deleteNow, exportIdentity: copyOf },
    identities: {
      ...identityRpc({
        pageTokens: parts.pageTokens,
        createIdentity: createIdentity(base),
        removeIdentity: remove,
        change: base,
        identities: store.identities,
      }),
      ...guestRpc({ createGuest: createGuest(base) }),
      ...personalDataRpc({
        requestDeletion: requestDeletion({ ...base, factors: store.mfa.factors, deletePerson: deleteNow }),
        exportIdentity: copyOf,
      }),
    },
    acting: actingRpc({
      startImpersonation: startImpersonation(actingDeps),
      startDelegation: startDelegation(actingDeps),
    }),
    deleteDue: deleteDue({ ...base, due: store.identities.due, removeIdentity: remove }),
  };
}
