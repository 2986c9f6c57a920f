import type { Parts } from './compose.ts';
import { composeEmail, type composeMail } from './compose_mail.ts';
import type { AuditEvent } from './features/audit/audit.ts';
import { guestOf } from './features/guest/guest.ts';
import type { Identity } from './features/identity/identity.ts';
import { passwordRpc } from './features/password/rpc.ts';
import { changePassword, setPassword, writePassword } from './features/password/set_password.ts';
import { authenticatePassword, provePassword, signInWithPassword } from './features/password/sign_in_with_password.ts';
import { registerPassword, signUpWithPassword } from './features/password/sign_up_with_password.ts';
import type { BeginSignIn } from './features/pending_sign_in/begin_sign_in.ts';
import type { EndSignIn } from './features/pending_sign_in/end_sign_in.ts';
import type { ReadPerson } from './features/pending_sign_in/subject.ts';
import type { LimitAttempts } from './features/rate_limit/limit_attempts.ts';
import type { VerifySession } from './features/session/verify_session.ts';
import type { TellOfAttempts } from './features/suspicion/tell_of_attempts.ts';
import type { OriginOf } from './features/tenant/origins.ts';
import type { TenantSettings } from './features/tenant/tenant.ts';
import { passwordsOfUsersTable } from './features/users_table/passwords_of_users_table.ts';
import type { NewId } from './kernel/ids.ts';

/** Wires passwords, here and in a users table, and the limits on trying them. */
export function composePasswords(
  parts: Pick<Parts, 'usersTable' | 'hasher' | 'strength' | 'clock' | 'random' | 'masterKey'> & {
    readonly store: Pick<Parts['store'], 'passwords' | 'identities' | 'mailProofs' | 'mfa' | 'oauth'>;
    readonly mails: ReturnType<typeof composeMail>['writer'];
    readonly newId: NewId;
    readonly originOf: OriginOf;
    readonly verify: VerifySession;
    readonly settings: (tenantId: string) => Promise<TenantSettings>;
    readonly readIdentity: (tenantId: string, id: string) => Promise<Identity | undefined>;
    readonly recordAudit: (events: readonly AuditEvent[]) => Promise<void>;
    readonly limitAttempts: LimitAttempts;
    readonly tellOfAttempts: TellOfAttempts;
    readonly ends: {
      readonly beginSignIn: BeginSignIn;
      readonly endSignIn: EndSignIn;
      readonly readPerson: ReadPerson;
    };
  },
) {
  const { store, usersTable, ends } = parts;
  const { passwords, identities } = store;
  const base = {
    ...parts,
    ...ends,
    passwords,
    readIdentityByIdentifier: identities.readByIdentifier,
    insertIdentity: identities.insert,
  };
  const elsewhere = usersTable && passwordsOfUsersTable({ ...parts, ...usersTable, identities, passwords });
  const deps = { ...base, elsewhere, writePassword: writePassword(base) };
  const email = composeEmail(deps);
  const { recordAudit } = parts;
  const prove = provePassword(deps);
  const guests = { of: guestOf(parts), identities };
  const register = registerPassword({ ...deps, guests, askOwner: email.askOwner });
  const change = changePassword(deps);
  const set = setPassword(deps);
  return {
    /** What the pages need. */
    pages: {
      authenticatePassword: authenticatePassword({ provePassword: prove, recordAudit }),
      registerPassword: register,
      email: email.useCases,
    },
    setPassword: set,
    elsewhere,
    handlers: {
      ...email.handlers,
      PasswordService: passwordRpc({
        signUpWithPassword: signUpWithPassword({ ...ends, registerPassword: register }),
        signInWithPassword: signInWithPassword({ ...ends, provePassword: prove, recordAudit }),
        setPassword: set,
        changePassword: change,
      }),
    },
  };
}
