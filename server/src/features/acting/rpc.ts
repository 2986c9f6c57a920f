import { z } from 'zod';
import { checked, device, identityId, secretText, textCharacters } from '../../contract/fields.ts';
import type {
  StartDelegationRequest,
  StartDelegationResponse,
  StartImpersonationRequest,
  StartImpersonationResponse,
} from '../../contract/gen/trust/v1/session.ts';
import { identityFactsMessage, sessionMessage } from '../../contract/messages.ts';
import type { Call, Handler } from '../../contract/rpc.ts';
import { SECOND } from '../../kernel/clock.ts';
import type { CreatedSession } from '../session/create_session.ts';
import { MAX_ACTING, MIN_ACTING } from './acting.ts';
import type { StartDelegation, StartImpersonation } from './start_acting.ts';

export type ActingRpc = {
  readonly startImpersonation: Handler<StartImpersonationRequest, StartImpersonationResponse>;
  readonly startDelegation: Handler<StartDelegationRequest, StartDelegationResponse>;
};

const actor = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/, 'must be 1 to 64 of A-Z a-z 0-9 . _ : -');
const lifetime = (most: number) => {
  const [min, max] = [MIN_ACTING / SECOND, most / SECOND];
  return z.number().refine((value) => value >= min && value <= max, `must be ${min} to ${max}`);
};
const scope = z
  .array(z.string().regex(/^[\x21\x23-\x5B\x5D-\x7E]{1,64}$/, 'must be 1 to 64 characters of RFC 6749, section 3.3'))
  .min(1, 'must have at least 1 entry')
  .max(32, 'must have at most 32 entries');

const impersonationFields = z.object({
  identityId,
  operator: actor,
  reason: textCharacters(256).refine((text) => text.trim().length >= 8, 'must be 8 characters at least'),
  lifetimeSeconds: lifetime(MAX_ACTING.support),
  device,
});
const delegationFields = z.object({
  sessionId: secretText,
  agent: actor,
  scope,
  lifetimeSeconds: lifetime(MAX_ACTING.agent),
  device,
});

const by = ({ tenantId, caller }: Call) => ({ tenantId, service: caller.service, key: caller.key ?? '' });

const answer = ({ sessionId, session, identity }: CreatedSession) => ({
  sessionId,
  session: sessionMessage(session),
  identity: identityFactsMessage(identity),
});

/** The handlers of the RPCs by which somebody acts for a person. */
export function actingRpc(useCases: {
  readonly startImpersonation: StartImpersonation;
  readonly startDelegation: StartDelegation;
}): ActingRpc {
  return {
    async startImpersonation(request, call) {
      const { operator, lifetimeSeconds, ...fields } = checked(impersonationFields, request);
      const input = { ...fields, ...by(call), actor: operator, lifetime: lifetimeSeconds * SECOND };
      return answer(await useCases.startImpersonation(input));
    },

    async startDelegation(request, call) {
      const { agent, lifetimeSeconds, ...fields } = checked(delegationFields, request);
      const input = { ...fields, ...by(call), actor: agent, lifetime: lifetimeSeconds * SECOND };
      return answer(await useCases.startDelegation(input));
    },
  };
}
