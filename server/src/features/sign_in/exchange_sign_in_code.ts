import { createHash } from 'node:crypto';
import { TrustError } from '../../errors/trust_error.ts';
import type { Clock, Instant } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import { digestOf, isSecret } from '../../kernel/secret.ts';
import { type AuditAction, type AuditEvent, auditEvent } from '../audit/audit.ts';
import type { CreatedSession, CreateSession } from '../session/create_session.ts';
import type { RevokeSession } from '../session/revoke_session.ts';
import type { Device } from '../session/session.ts';
import type { SignInCode } from './sign_in_code.ts';
import type { SignInCodeStore } from './store.ts';

export type ExchangeInput = {
  readonly tenantId: string;
  /** Name of the actor in the audit trail. */
  readonly actor: string;
  readonly code: string;
  readonly codeVerifier: string;
  readonly returnTo: string;
  readonly device: Device;
  /** What the browser holds until now; anything. */
  readonly previousSessionId?: string | undefined;
};

/** The new session, and the end of the one before (`''` and 0 where there was none). */
export type Exchanged = CreatedSession & { readonly previous: { readonly handle: string; readonly version: number } };

/** Errors: SIGN_IN_CODE_REJECTED, CONCURRENT_CHANGE (a session that could not be ended yet). */
export type ExchangeSignInCode = (input: ExchangeInput) => Promise<Exchanged>;

const NONE = { handle: '', version: 0 };

/**
 * Spends a code and makes its session (spec RED-3). `spend` gives the code to exactly one caller and sets the handle of its session aside;
 * whoever comes second ends that handle. The first looks once more after it made the session, in case the second came in between.
 */
export function exchangeSignInCode(deps: {
  readonly codes: Pick<SignInCodeStore, 'spend' | 'wasReplayed'>;
  readonly createSession: CreateSession;
  readonly revokeSession: RevokeSession;
  readonly recordAudit: (events: readonly AuditEvent[]) => Promise<void>;
  readonly clock: Clock;
  readonly newId: NewId;
}): ExchangeSignInCode {
  const record = (input: ExchangeInput, action: AuditAction, about: { identityId?: string; subject?: string } = {}) =>
    deps.recordAudit([
      auditEvent({ tenantId: input.tenantId, name: input.actor }, deps.clock(), deps.newId, action, about),
    ]);

  const endSession = async ({ tenantId, actor }: ExchangeInput, handle: string) => {
    try {
      await deps.revokeSession({ tenantId, actor, target: { handle } });
    } catch (error) {
      // The first use has not made its session, or never will: it looks for a replay when it has.
      if (!(error instanceof TrustError && error.reason === 'SESSION_NOT_FOUND')) throw error;
    }
  };

  const create = async (input: ExchangeInput, code: SignInCode, handle: string): Promise<CreatedSession> => {
    const { tenantId, actor, device } = input;
    const { identityId, epoch, acr, amr, authenticatedAt } = code;
    try {
      const proof = { identityId, epoch, acr, amr, authenticatedAt };
      return await deps.createSession({ tenantId, actor, ...proof, device, handle });
    } catch (error) {
      if (!(error instanceof TrustError && error.reason === 'SESSION_REJECTED')) throw error;
      await record(input, 'sign_in_code.rejected', { identityId });
      throw new TrustError('SIGN_IN_CODE_REJECTED');
    }
  };

  return async (input) => {
    const { tenantId } = input;
    // Malformed: refused without access to the database (spec SEC-4), and so without a record.
    if (!isSecret('sign_in_code', input.code)) throw new TrustError('SIGN_IN_CODE_REJECTED');
    const digest = digestOf('sign_in_code', input.code);
    const now = deps.clock();
    const spent = await deps.codes.spend(tenantId, digest, deps.newId('ses'), now);
    if (spent === undefined) {
      await record(input, 'sign_in_code.rejected');
      throw new TrustError('SIGN_IN_CODE_REJECTED');
    }
    const { code, sessionHandle } = spent;
    const about = { identityId: code.identityId, subject: sessionHandle };

    const refuseReplay = async () => {
      await endSession(input, sessionHandle);
      await record(input, 'sign_in_code.replayed', about);
      throw new TrustError('SIGN_IN_CODE_REJECTED');
    };
    if (!spent.first) return refuseReplay();
    if (!proves(input, code, now)) {
      await record(input, 'sign_in_code.rejected', about);
      throw new TrustError('SIGN_IN_CODE_REJECTED');
    }
    const { actor, previousSessionId: sessionId } = input;
    // Ended first: no failure leaves two, and its place among the sessions is free (spec RED-11).
    const previous = sessionId ? await deps.revokeSession({ tenantId, actor, target: { sessionId } }) : NONE;
    const created = await create(input, code, sessionHandle);
    if (await deps.codes.wasReplayed(tenantId, digest)) return refuseReplay();
    await record(input, 'sign_in_code.exchanged', about);
    return { ...created, previous };
  };
}

/** Whether the code is alive and this is the party that it was made for: verifier (RFC 7636, S256) and return_to. */
function proves(input: ExchangeInput, code: SignInCode, now: Instant): boolean {
  const challenge = createHash('sha256').update(input.codeVerifier).digest('base64url');
  return now < code.expiresAt && challenge === code.codeChallenge && input.returnTo === code.returnTo;
}
