import type { BatchVerifyRequest, VerifyRequest } from '../../contract/gen/trust/v1/session.ts';
import { Consistency } from '../../contract/gen/trust/v1/session.ts';
import type { EncodedHandler } from '../../contract/rpc.ts';
import { invalidField } from '../../errors/trust_error.ts';
import type { Clocks } from '../../kernel/clock.ts';
import type { AnswerVerify } from './answer_verify.ts';
import { messageOf } from './verdict_reply.ts';

export type VerdictRpc = {
  readonly verify: EncodedHandler<VerifyRequest>;
  readonly batchVerify: EncodedHandler<BatchVerifyRequest>;
};

/** The handlers of `Verify` and `BatchVerify`. */
export function verdictRpc({ answer, clocks }: { readonly answer: AnswerVerify; readonly clocks: Clocks }): VerdictRpc {
  return {
    verify({ sessionId, consistency }, { tenantId }) {
      refuseOversized(sessionId, 'session_id');
      const reply =
        consistency === Consistency.STRONG
          ? answer.strong(tenantId, sessionId)
          : answer.bounded(tenantId, sessionId, clocks());
      return typeof reply === 'string' ? messageOf([reply]) : reply.then((late) => messageOf([late]));
    },

    batchVerify({ sessionIds, consistency }, { tenantId }) {
      if (sessionIds.length < 1 || sessionIds.length > 256) throw invalidField('session_ids', 'must be 1 to 256');
      for (const [index, sessionId] of sessionIds.entries()) refuseOversized(sessionId, `session_ids[${index}]`);
      const now = clocks();
      const ask =
        consistency === Consistency.STRONG
          ? (sessionId: string) => answer.strong(tenantId, sessionId)
          : (sessionId: string) => answer.bounded(tenantId, sessionId, now);
      const replies = sessionIds.map(ask);
      // What is in memory is not waited for.
      if (replies.every((reply) => typeof reply === 'string')) return messageOf(replies);
      return Promise.all(replies).then(messageOf);
    },
  };
}

/** All that is checked: anything short enough is a question, however malformed (spec SES-2). */
function refuseOversized(sessionId: string, field: string): void {
  // A UTF-16 unit is at most 3 bytes of UTF-8.
  if (sessionId.length > 85 && Buffer.byteLength(sessionId) > 256)
    throw invalidField(field, 'must be at most 256 bytes');
}
