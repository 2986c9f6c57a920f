import { BinaryWriter } from '@bufbuild/protobuf/wire';
import {
  RejectionReason,
  type Verdict as VerdictMessage,
  VerifyResponse,
} from '../../contract/gen/trust/v1/session.ts';
import { identityFactsMessage, organisationFactsMessage, sessionMessage, timestamp } from '../../contract/messages.ts';
import type { Instant } from '../../kernel/clock.ts';
import type { Rejection, Verdict } from '../session/session.ts';

/**
 * A verdict as it travels: field 1 of VerifyResponse, which is field 1 of BatchVerifyResponse too, so that both are made of these by joining
 * them. Bytes as a Latin-1 string, which takes the least memory of all that can hold some hundred bytes.
 */
export type Reply = string;

// One writer is kept: making its buffer anew would cost more than the writing.
let writer = new BinaryWriter();

function written(verdict: VerdictMessage): Reply {
  try {
    const bytes = VerifyResponse.encode({ verdict }, writer).finish();
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  } catch (error) {
    // What was written before the failure must not stand in front of the next answer.
    writer = new BinaryWriter();
    throw error;
  }
}

const rejected = (reason: Rejection) =>
  written({ answer: { $case: 'rejected', value: { reason: RejectionReason[reason] } } });

const REJECTED: Readonly<Record<Rejection, Reply>> = {
  MALFORMED: rejected('MALFORMED'),
  UNKNOWN: rejected('UNKNOWN'),
  REVOKED: rejected('REVOKED'),
  EXPIRED: rejected('EXPIRED'),
  TENANT_SUSPENDED: rejected('TENANT_SUSPENDED'),
  CLIENT_MISMATCH: rejected('CLIENT_MISMATCH'),
};

export function replyOf(verdict: Verdict): Reply {
  if (!verdict.active) return REJECTED[verdict.reason];
  const session = sessionMessage(verdict.session);
  const identity = identityFactsMessage(verdict.identity);
  const organisation = verdict.organisation && organisationFactsMessage(verdict.organisation);
  const clientBound = verdict.session.binding !== undefined;
  return written({
    answer: { $case: 'active', value: { session, identity, cacheForMs: 0, organisation, clientBound } },
  });
}

/** The same yes with a later use. */
export function usedAt(reply: Reply, at: Instant): Reply {
  const { verdict } = VerifyResponse.decode(Buffer.from(reply, 'latin1'));
  if (verdict?.answer?.$case !== 'active' || verdict.answer.value.session === undefined) return reply;
  const { session, ...active } = verdict.answer.value;
  const value = { ...active, session: { ...session, lastUsedAt: timestamp(at) } };
  return written({ answer: { $case: 'active', value } });
}

/** The message of one or more verdicts. */
export function messageOf(replies: readonly Reply[]): Buffer {
  let size = 0;
  for (const reply of replies) size += reply.length;
  const message = Buffer.allocUnsafe(size);
  let end = 0;
  for (const reply of replies) end += message.write(reply, end, 'latin1');
  return message;
}
