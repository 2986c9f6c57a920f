import { entryKey, type SessionFacts } from '@trust-layer/sdk/lease';
import type { Instant, Reading, Span } from '../../kernel/clock.ts';
import { isSecret } from '../../kernel/secret.ts';
import { useGrain, type Verdict } from '../session/session.ts';
import type { SessionUses, VerifySession } from '../session/verify_session.ts';
import { type Binding, type ClientFacts, fits } from '../session_binding/binding.ts';
import type { Mismatches } from '../session_binding/mismatches.ts';
import { DEFAULT_TENANT } from '../tenant/tenant.ts';
import type { NodeCache } from './node_cache.ts';
import { type Reply, replyOf, usedAt } from './verdict_reply.ts';

/** A yes in memory, and what of it changes with use. */
export type KeptVerdict = {
  readonly tenantId: string;
  readonly handle: string;
  readonly identityId: string;
  readonly idleTimeout: Span;
  /** The next use that is worth a write. */
  countsFrom: Instant;
  lastUsedAt: Instant;
  /** Where the client must be for it. */
  readonly binding: Binding | undefined;
  reply: Reply;
};

/** Answers questions about sessions, as encoded verdicts. */
export type AnswerVerify = {
  /** From memory if the node's lease holds (spec WAT-25), else by a look-up. */
  bounded(tenantId: string, sessionId: string, client: ClientFacts, now: Reading): Reply | Promise<Reply>;
  /** By a look-up that begins after the call. */
  strong(tenantId: string, sessionId: string, client: ClientFacts): Promise<Reply>;
};

/**
 * Under which a session is in memory: the tenant is part of it. That of the default tenant is its session_id, which needs no joining: all others
 * begin with a digit.
 */
const keyOf = (tenantId: string, sessionId: string): string =>
  tenantId === DEFAULT_TENANT && sessionId.startsWith('ts_') ? sessionId : entryKey(tenantId, sessionId);

export function answerVerify(deps: {
  readonly cache: Pick<NodeCache<KeptVerdict>, 'get' | 'look'>;
  /** Reads the primary, and notes the use. */
  readonly verify: VerifySession;
  readonly uses: Pick<SessionUses, 'note'>;
  readonly mismatches: Pick<Mismatches, 'note'>;
}): AnswerVerify {
  const { cache, verify, uses, mismatches } = deps;

  async function look(tenantId: string, sessionId: string, client: ClientFacts): Promise<Reply> {
    // Known without the store, and kept nowhere.
    if (!isSecret('session_id', sessionId)) return replyOf(await verify(tenantId, sessionId));
    let refusal: Reply | undefined;
    const kept = await cache.look(keyOf(tenantId, sessionId), async () => {
      const verdict = await verify(tenantId, sessionId, client);
      refusal = verdict.active ? undefined : replyOf(verdict);
      return verdict.active ? factsOf(verdict) : undefined;
    });
    return kept?.value.reply ?? refusal ?? replyOf({ active: false, reason: 'UNKNOWN' });
  }

  return {
    strong: look,

    bounded(tenantId, sessionId, client, now) {
      const kept = cache.get(keyOf(tenantId, sessionId), now);
      if (kept === undefined) return look(tenantId, sessionId, client);
      // Nobody uses the session by it.
      if (!fits(kept.binding, client)) {
        mismatches.note(kept, client);
        return replyOf({ active: false, reason: 'CLIENT_MISMATCH' });
      }
      if (now.wall >= kept.countsFrom) {
        uses.note(kept, now.wall);
        kept.lastUsedAt = now.wall;
        kept.countsFrom = now.wall + useGrain(kept.idleTimeout);
        kept.reply = usedAt(kept.reply, now.wall);
      }
      return kept.reply;
    },
  };
}

function factsOf(verdict: Verdict & { readonly active: true }): SessionFacts<KeptVerdict> {
  const { tenantId, handle, version, identityId, epoch, expiresAt, lastUsedAt, idleTimeout, binding } = verdict.session;
  const countsFrom = lastUsedAt + useGrain(idleTimeout);
  const value = { tenantId, handle, identityId, idleTimeout, countsFrom, lastUsedAt, binding, reply: replyOf(verdict) };
  const identityVersion = verdict.identity.version;
  const { organisation } = verdict;
  return {
    handle,
    version,
    identityId,
    epoch,
    identityVersion,
    ...(organisation && { organisationId: organisation.id, organisationVersion: organisation.version }),
    expiresAt,
    lastUsedAt,
    idleTimeoutMs: idleTimeout,
    value,
  };
}
