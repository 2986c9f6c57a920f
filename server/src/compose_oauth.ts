import type { Parts } from './compose.ts';
import type { AuditEvent } from './features/audit/audit.ts';
import type { MailWriter } from './features/mail/write_mail.ts';
import { admitAccount } from './features/oauth/admit_account.ts';
import { completeOauth, takeAttempt } from './features/oauth/complete_oauth.ts';
import { linkAccount, linkedAccounts } from './features/oauth/linked_accounts.ts';
import { oauthRpc } from './features/oauth/rpc.ts';
import { attemptSecrets, startOauth } from './features/oauth/start_oauth.ts';
import type { OauthProviders } from './features/oauth/store.ts';
import { tokenVault } from './features/oauth/token_vault.ts';
import type { BeginSignIn } from './features/pending_sign_in/begin_sign_in.ts';
import type { EndSignIn } from './features/pending_sign_in/end_sign_in.ts';
import type { ReadSubject } from './features/pending_sign_in/subject.ts';
import type { LimitAttempts } from './features/rate_limit/limit_attempts.ts';
import type { TenantSettings } from './features/tenant/tenant.ts';
import type { Elsewhere } from './features/users_table/elsewhere.ts';
import type { NewId } from './kernel/ids.ts';
import { sealerOf } from './kernel/sealer.ts';

/** Wires sign-in with accounts of other providers. */
export function composeOauth(
  parts: Pick<Parts, 'masterKey' | 'clock' | 'random'> & {
    readonly store: Pick<Parts['store'], 'oauth' | 'identities'>;
    readonly providers: OauthProviders;
    readonly newId: NewId;
    readonly mails: Pick<MailWriter, 'tell'>;
    readonly settings: (tenantId: string) => Promise<TenantSettings>;
    readonly recordAudit: (events: readonly AuditEvent[]) => Promise<void>;
    readonly limitAttempts: LimitAttempts;
    readonly elsewhere: Pick<Elsewhere, 'has'> | undefined;
    readonly ends: {
      readonly readSubject: ReadSubject;
      readonly beginSignIn: BeginSignIn;
      readonly endSignIn: EndSignIn;
    };
  },
) {
  const { store, masterKey, random, providers } = parts;
  const { oauth, identities } = store;
  const sealer = sealerOf({ masterKey, random, purpose: 'trust-layer:oauth:v1' });
  const deps = {
    ...parts,
    oauth,
    seal: attemptSecrets(sealer),
    vault: tokenVault(sealer),
    readIdentity: identities.read,
    readIdentityByIdentifier: identities.readByIdentifier,
  };
  const useCases = {
    providers,
    startOauth: startOauth(deps),
    takeAttempt: takeAttempt(deps),
    completeOauth: completeOauth({ ...deps, admitAccount: admitAccount(deps), linkAccount: linkAccount(deps) }),
    linkedAccounts: linkedAccounts(deps),
  };
  return {
    useCases,
    handlers: { OauthService: oauthRpc({ ...parts, ...parts.ends, ...useCases }) },
  };
}
