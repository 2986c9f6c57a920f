import { isIP } from 'node:net';
import { CONTROL } from '../../contract/fields.ts';
import type {
  BatchVerifyRequest,
  ClientFacts as ClientMessage,
  VerifyRequest,
} from '../../contract/gen/trust/v1/session.ts';
import { Consistency } from '../../contract/gen/trust/v1/session.ts';
import type { EncodedHandler } from '../../contract/rpc.ts';
import { invalidField } from '../../errors/trust_error.ts';
import type { Clocks } from '../../kernel/clock.ts';
import { type ClientFacts, NO_CLIENT } from '../session_binding/binding.ts';
import type { AnswerVerify } from './answer_verify.ts';
import { messageOf } from './verdict_reply.ts';

export type VerdictRpc = {
  readonly verify: EncodedHandler<VerifyRequest>;
  readonly batchVerify: EncodedHandler<BatchVerifyRequest>;
};

/** The handlers of `Verify` and `BatchVerify`. */
export function verdictRpc({ answer, clocks }: { readonly answer: AnswerVerify; readonly clocks: Clocks }): VerdictRpc {
  return {
    verify({ sessionId, consistency, client: given }, { tenantId }) {
      refuseOversized(sessionId, 'session_id');
      const client = clientOf(given, 'client');
      const reply =
        consistency === Consistency.STRONG
          ? answer.strong(tenantId, sessionId, client)
          : answer.bounded(tenantId, sessionId, client, clocks());
      return typeof reply === 'string' ? messageOf([reply]) : reply.then((late) => messageOf([late]));
    },

    batchVerify({ sessionIds, consistency, clients }, { tenantId }) {
      if (sessionIds.length < 1 || sessionIds.length > 256) throw invalidField('session_ids', 'must be 1 to 256');
      for (const [index, sessionId] of sessionIds.entries()) refuseOversized(sessionId, `session_ids[${index}]`);
      if (clients.length > 0 && clients.length !== sessionIds.length) {
        throw invalidField('clients', 'must be none, or one for each session_id');
      }
      const facts = clients.map((given, index) => clientOf(given, `clients[${index}]`));
      const clientAt = (index: number) => facts[index] ?? NO_CLIENT;
      const now = clocks();
      const ask =
        consistency === Consistency.STRONG
          ? (sessionId: string, index: number) => answer.strong(tenantId, sessionId, clientAt(index))
          : (sessionId: string, index: number) => answer.bounded(tenantId, sessionId, clientAt(index), now);
      const replies = sessionIds.map(ask);
      // What is in memory is not waited for.
      if (replies.every((reply) => typeof reply === 'string')) return messageOf(replies);
      return Promise.all(replies).then(messageOf);
    },
  };
}

/** Who presents it; each fact is within the bounds of the contract, or the request is refused. */
function clientOf(given: ClientMessage | undefined, field: string): ClientFacts {
  if (given === undefined) return NO_CLIENT;
  const { ipAddress, userAgent } = given;
  if (ipAddress !== '' && (ipAddress.length > 45 || isIP(ipAddress) === 0 || ipAddress.includes('%')))
    throw invalidField(`${field}.ip_address`, 'must be an IPv4 or IPv6 address');
  if (CONTROL.test(userAgent)) throw invalidField(`${field}.user_agent`, 'must not hold control characters');
  if (userAgent.length > 170 && Buffer.byteLength(userAgent) > 512)
    throw invalidField(`${field}.user_agent`, 'must be at most 512 bytes');
  return given;
}

/** All that is checked: anything short enough is a question, however malformed (spec SES-2). */
function refuseOversized(sessionId: string, field: string): void {
  // A UTF-16 unit is at most 3 bytes of UTF-8.
  if (sessionId.length > 85 && Buffer.byteLength(sessionId) > 256)
    throw invalidField(field, 'must be at most 256 bytes');
}
