import type { Clock, Instant } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import type { Random } from '../../kernel/random.ts';
import { digestOf, newSignInCode } from '../../kernel/secret.ts';
import { auditEvent } from '../audit/audit.ts';
import type { Identity } from '../identity/identity.ts';
import { redirectTarget } from './return_to.ts';
import { CODE_LIFETIME } from './sign_in_code.ts';
import type { SignInRequest } from './sign_in_request.ts';
import type { SignInCodeStore } from './store.ts';

export type IssueSignInCode = (input: {
  readonly tenantId: string;
  /** Name of the actor in the audit trail. */
  readonly actor: string;
  /** Who proved who they are, in that epoch. */
  readonly identity: Pick<Identity, 'id' | 'epoch'>;
  readonly request: SignInRequest;
  readonly acr: string;
  readonly amr: readonly string[];
  /** When they did; undefined means now. */
  readonly authenticatedAt?: Instant | undefined;
}) => Promise<{ readonly code: string; readonly redirectTo: string }>;

/** Ends the hosted page: a one-time code, bound to challenge and return_to, and where the browser takes it (spec RED-3). */
export function issueSignInCode(deps: {
  readonly codes: Pick<SignInCodeStore, 'insert'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: NewId;
}): IssueSignInCode {
  return async ({ tenantId, actor, identity, request, acr, amr, authenticatedAt }) => {
    const now = deps.clock();
    const code = newSignInCode(deps.random);
    const event = auditEvent({ tenantId, name: actor }, now, deps.newId, 'sign_in_code.issued', {
      identityId: identity.id,
      subject: identity.id,
    });
    await deps.codes.insert(
      {
        tenantId,
        digest: digestOf('sign_in_code', code),
        identityId: identity.id,
        epoch: identity.epoch,
        codeChallenge: request.codeChallenge,
        returnTo: request.returnTo,
        acr,
        amr,
        authenticatedAt: authenticatedAt ?? now,
        expiresAt: now + CODE_LIFETIME,
      },
      { changes: [], events: [event] },
    );
    return { code, redirectTo: redirectTarget(request.returnTo, code, request.state) };
  };
}
