import { TrustError } from '../../errors/trust_error.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import type { AuditEvent } from '../audit/audit.ts';
import type { Identity } from '../identity/identity.ts';
import type { RecoveryCodes } from '../mfa/recovery_codes.ts';
import type { RememberedDevices } from '../mfa/remembered_devices.ts';
import type { MfaStore } from '../mfa/store.ts';
import { type TotpVault, totpStep } from '../mfa/totp.ts';
import type { LimitAttempts } from '../rate_limit/limit_attempts.ts';
import type { TellOfAttempts } from '../suspicion/tell_of_attempts.ts';
import { type AnsweredSignIn, factorEvents, type PendingName, type PendingSignIns } from './answer_sign_in.ts';
import type { PendingSignIn } from './pending_sign_in.ts';

/** What a person typed for a pending sign-in. Errors of all: PENDING_SIGN_IN_REJECTED, RATE_LIMITED, CREDENTIAL_REJECTED. */
export type FactorAnswer = PendingName & {
  readonly actor: string;
  readonly code: string;
  readonly remember?: boolean;
  /** Address of the person's device; empty if it is not known. */
  readonly address?: string;
};

export type Answered = {
  /** Undefined where the sign-in is held. */
  readonly proof: AnsweredSignIn | undefined;
  readonly deviceToken: string | undefined;
  /** Recovery codes that are left, where one was spent. */
  readonly codesLeft: number | undefined;
};

export type ProveFactor = (answer: FactorAnswer) => Promise<Answered>;

type Deps = {
  readonly pending: PendingSignIns;
  readonly mfa: Pick<MfaStore, 'readTotp' | 'useStep' | 'spendRecoveryCode'>;
  readonly vault: TotpVault;
  readonly recovery: RecoveryCodes;
  readonly devices: Pick<RememberedDevices, 'remember'>;
  readonly limitAttempts: LimitAttempts;
  readonly tellOfFailure: TellOfFailure;
  readonly recordAudit: (events: readonly AuditEvent[]) => Promise<void>;
  readonly clock: Clock;
  readonly newId: NewId;
};

/** Tells the owner where a second factor fails again and again: whoever fails has proved the first. */
export type TellOfFailure = (
  actor: string,
  pending: Pick<PendingSignIn, 'tenantId' | 'identityId'>,
  address: string,
) => Promise<void>;

export function tellOfFailure(deps: {
  readonly tellOfAttempts: TellOfAttempts;
  readonly readIdentity: (tenantId: string, id: string) => Promise<Identity | undefined>;
}): TellOfFailure {
  return async (actor, { tenantId, identityId }, address) => {
    const identity = await deps.readIdentity(tenantId, identityId);
    const place = { userAgent: '', ipAddress: address };
    await deps.tellOfAttempts({ what: 'second_factor', tenantId, actor, account: identityId, identity, place });
  };
}

/** Proves a code of the authenticator app (spec MFA-5). */
export function proveTotp(deps: Deps): ProveFactor {
  return prove(deps, 'totp', async ({ tenantId, identityId }, code, proved) => {
    const totp = await deps.mfa.readTotp(tenantId, identityId);
    if (totp === undefined) return undefined;
    const now = deps.clock();
    const step = totpStep(deps.vault.open(totp.sealed, tenantId, identityId), code, now);
    if (step === undefined || step <= totp.lastStep) return undefined;
    const used = await deps.mfa.useStep(totp, step, now, { changes: [], events: [proved] });
    return used ? {} : undefined;
  });
}

/** Proves and spends a recovery code (spec MFA-7). */
export function proveRecoveryCode(deps: Deps): ProveFactor {
  return prove(deps, 'recovery_code', async ({ tenantId, identityId }, code, proved) => {
    const digest = deps.recovery.digest(tenantId, identityId, code);
    if (digest === undefined) return undefined;
    const trail = { changes: [], events: [proved] };
    const codesLeft = await deps.mfa.spendRecoveryCode(tenantId, identityId, digest, trail);
    return codesLeft === undefined ? undefined : { codesLeft };
  });
}

/** The try is counted, then the code is checked and used up, then the sign-in ends: each step for one caller only. */
function prove(
  deps: Deps,
  type: 'totp' | 'recovery_code',
  check: (
    pending: PendingSignIn,
    code: string,
    proved: AuditEvent,
  ) => Promise<{ readonly codesLeft?: number } | undefined>,
): ProveFactor {
  const event = factorEvents(deps);
  return async ({ actor, code, remember = false, address = '', ...name }) => {
    const pending = await deps.pending.read(name);
    await deps.limitAttempts({ tenantId: pending.tenantId, account: `factor ${pending.identityId}`, address });
    await deps.pending.attempt(pending);
    const accepted = await check(pending, code, event(actor, pending, 'factor.proved', type));
    if (accepted === undefined) {
      await deps.recordAudit([event(actor, pending, 'factor.rejected', type)]);
      await deps.tellOfFailure(actor, pending, address);
      throw new TrustError('CREDENTIAL_REJECTED');
    }
    const { codesLeft } = accepted;
    if (pending.held) {
      await deps.pending.prove(pending, type);
      return { proof: undefined, deviceToken: undefined, codesLeft };
    }
    const proof = await deps.pending.finish(pending, type);
    const deviceToken = remember
      ? await deps.devices.remember({ tenantId: proof.tenantId, actor }, proof.identity)
      : undefined;
    return { proof, deviceToken, codesLeft };
  };
}
