import { z } from 'zod';
import type { Factors } from '../features/mfa/assurance.ts';
import { hasFactor } from '../features/mfa/assurance.ts';
import type { FactorRecord } from '../features/mfa/factors.ts';
import type { Pending } from '../features/pending_sign_in/begin_sign_in.ts';
import type { SubjectName } from '../features/pending_sign_in/subject.ts';
import type { CreatedSession } from '../features/session/create_session.ts';
import { secretText } from './fields.ts';
import { type Factor, FactorType, type PendingSignIn, type SignedIn, type Subject } from './gen/trust/v1/mfa.ts';
import { identityFactsMessage, optionalTimestamp, sessionMessage, timestamp } from './messages.ts';

/** Names who changes factors: exactly one of the two. */
export const subject = z.unknown().transform((given, context): SubjectName => {
  const { $case, value } = (given as Subject | undefined)?.subject ?? {};
  const text = secretText.safeParse(value);
  if (text.success && $case === 'sessionId') return { sessionId: text.data };
  if (text.success && $case === 'pendingToken') return { pendingToken: text.data };
  const message = text.error?.issues[0]?.message ?? 'is required';
  context.addIssue(
    $case === undefined ? { code: 'custom', message: 'is required' } : { code: 'custom', message, path: [$case] },
  );
  return z.NEVER;
});

export function pendingMessage({ token, asked, factors, expiresAt }: Pending): PendingSignIn {
  return {
    pendingToken: token,
    factors: factorTypes(factors),
    enrollmentRequired: asked === 'enrollment',
    expiresAt: timestamp(expiresAt),
  };
}

function factorTypes(factors: Factors): FactorType[] {
  if (!hasFactor(factors)) return [];
  return [
    ...(factors.totp ? [FactorType.TOTP] : []),
    ...(factors.passkeys > 0 ? [FactorType.PASSKEY] : []),
    ...(factors.recoveryCodes > 0 ? [FactorType.RECOVERY_CODE] : []),
  ];
}

export function signedInMessage({ sessionId, session, identity }: CreatedSession, deviceToken = ''): SignedIn {
  return { sessionId, session: sessionMessage(session), identity: identityFactsMessage(identity), deviceToken };
}

export function factorMessage({ id, type, label, createdAt, lastUsedAt }: FactorRecord): Factor {
  return {
    id,
    type: type === 'totp' ? FactorType.TOTP : FactorType.PASSKEY,
    label,
    createdAt: timestamp(createdAt),
    lastUsedAt: optionalTimestamp(lastUsedAt),
  };
}
