import { hkdfSync } from 'node:crypto';
import type { Parts } from './compose.ts';
import type { AuditEvent } from './features/audit/audit.ts';
import type { Identity } from './features/identity/identity.ts';
import type { MailWriter } from './features/mail/write_mail.ts';
import { manageFactors } from './features/mfa/factors.ts';
import { recoveryCodes, regenerateRecoveryCodes } from './features/mfa/recovery_codes.ts';
import { rememberedDevices } from './features/mfa/remembered_devices.ts';
import { mfaRpc } from './features/mfa/rpc.ts';
import { totpVault } from './features/mfa/totp.ts';
import { completeTotpEnrollment, startTotpEnrollment } from './features/mfa/totp_enrollment.ts';
import { provePasskey, signInWithPasskey, startPasskeySignIn } from './features/passkey/prove_passkey.ts';
import { completePasskeyRegistration, startPasskeyRegistration } from './features/passkey/register_passkey.ts';
import { relyingParty } from './features/passkey/relying_party.ts';
import { passkeyRpc } from './features/passkey/rpc.ts';
import { pendingSignIns } from './features/pending_sign_in/answer_sign_in.ts';
import { beginSignIn } from './features/pending_sign_in/begin_sign_in.ts';
import { endSignIn } from './features/pending_sign_in/end_sign_in.ts';
import { proveRecoveryCode, proveTotp, tellOfFailure } from './features/pending_sign_in/prove_factor.ts';
import { startStepUp } from './features/pending_sign_in/start_step_up.ts';
import { readPerson, readSubject } from './features/pending_sign_in/subject.ts';
import type { LimitAttempts } from './features/rate_limit/limit_attempts.ts';
import type { CreateSession } from './features/session/create_session.ts';
import type { VerifySession } from './features/session/verify_session.ts';
import type { TellOfAttempts } from './features/suspicion/tell_of_attempts.ts';
import type { OriginOf } from './features/tenant/origins.ts';
import type { TenantSettings } from './features/tenant/tenant.ts';
import type { NewId } from './kernel/ids.ts';
import { sealerOf } from './kernel/sealer.ts';

/** Wires what comes after a first proof: pending sign-ins, second factors, passkeys. */
export function composeMfa(
  parts: Pick<Parts, 'masterKey' | 'clock' | 'random'> & {
    readonly store: Pick<Parts['store'], 'mfa' | 'passkeys' | 'pendingSignIns' | 'sessions'>;
    readonly newId: NewId;
    readonly mails: Pick<MailWriter, 'tell'>;
    readonly originOf: OriginOf;
    readonly settings: (tenantId: string) => Promise<TenantSettings>;
    readonly readIdentity: (tenantId: string, id: string) => Promise<Identity | undefined>;
    readonly recordAudit: (events: readonly AuditEvent[]) => Promise<void>;
    readonly limitAttempts: LimitAttempts;
    readonly tellOfAttempts: TellOfAttempts;
    readonly verify: VerifySession;
    readonly createSession: CreateSession;
  },
) {
  const { store, masterKey, random } = parts;
  const keyOf = (purpose: string) => Buffer.from(hkdfSync('sha256', masterKey, '', `trust-layer:${purpose}:v1`, 32));
  const base = {
    ...parts,
    mfa: store.mfa,
    passkeys: store.passkeys,
    sessions: store.sessions,
    vault: totpVault(sealerOf({ masterKey, random, purpose: 'trust-layer:totp:v1' })),
    recovery: recoveryCodes({ key: keyOf('recovery-code'), random }),
  };
  const devices = rememberedDevices(base);
  const begin = beginSignIn({ ...base, pendingSignIns: store.pendingSignIns, devices });
  const pending = pendingSignIns({ ...base, pendingSignIns: store.pendingSignIns });
  const end = endSignIn(base);
  const party = relyingParty({ ...base, key: keyOf('passkey-challenge') });
  const told = tellOfFailure(base);
  const deps = {
    ...base,
    devices,
    pending,
    relyingParty: party,
    beginSignIn: begin,
    endSignIn: end,
    tellOfFailure: told,
  };
  const person = readPerson(deps);
  const useCases = {
    pending,
    readPerson: person,
    beginSignIn: begin,
    endSignIn: end,
    proveTotp: proveTotp(deps),
    proveRecoveryCode: proveRecoveryCode(deps),
    startStepUp: startStepUp(deps),
    readSubject: readSubject({ ...deps, readPerson: person }),
    startTotpEnrollment: startTotpEnrollment(deps),
    completeTotpEnrollment: completeTotpEnrollment(deps),
    regenerateRecoveryCodes: regenerateRecoveryCodes(deps),
    factors: manageFactors({ ...deps, listPasskeys: store.passkeys.list }),
    startPasskeyRegistration: startPasskeyRegistration(deps),
    completePasskeyRegistration: completePasskeyRegistration(deps),
    startPasskeySignIn: startPasskeySignIn(deps),
    signInWithPasskey: signInWithPasskey(deps),
    provePasskey: provePasskey(deps),
  };
  return {
    useCases,
    handlers: { MfaService: mfaRpc(useCases), PasskeyService: passkeyRpc(useCases) },
  };
}
