import { hash } from 'node:crypto';
import { TrustError } from '../../errors/trust_error.ts';
import { addressBlock } from '../../kernel/address_block.ts';
import { HOUR } from '../../kernel/clock.ts';
import type { TenantSettings } from '../tenant/tenant.ts';
import { type LimitName, pass, type RateLimits } from './rate_limit.ts';
import type { RateLimitStore } from './store.ts';

/** One attempt: what it is counted for. */
export type Attempt = {
  readonly tenantId: string;
  /** The canonical name of the account, as it was given: `type value`. Absent where no account is named. */
  readonly account?: string | undefined;
  /** The canonical e-mail address that would get a mail. */
  readonly recipient?: string | undefined;
  /** The address of the person's device; empty where the caller did not tell. */
  readonly address: string;
  /**
   * The identity behind the name, if there is one. Its limit is kept in silence, for to be told of it would tell that two names are of one account; nobody's
   * identity takes the same work under the name.
   */
  readonly identityId?: string | undefined;
};

/**
 * Counts an attempt before anything costly is done for it. `silenced`: the answer must be that of a failed attempt, and nothing is tried.
 * Errors: RATE_LIMITED; DATABASE_UNAVAILABLE, and then nothing may be tried either (spec LIM-3).
 */
export type LimitAttempts = (attempt: Attempt) => Promise<'open' | 'silenced'>;

type Counted = { readonly subject: string; readonly limit: LimitName; readonly silent?: true };

export function limitAttempts(deps: {
  readonly rateLimits: Pick<RateLimitStore, 'update'>;
  readonly settings: (tenantId: string) => Promise<TenantSettings>;
}): LimitAttempts {
  return async (attempt) => {
    const { rateLimits: limits } = await deps.settings(attempt.tenantId);
    const counted = countedFor(attempt).sort((a, b) => (a.subject < b.subject ? -1 : 1));
    let answer: ReturnType<typeof judge> | undefined;
    await deps.rateLimits.update(
      attempt.tenantId,
      counted.map(({ subject }) => subject),
      (arrivals, now) => {
        answer = judge(limits, counted, arrivals, now);
        return answer.arrivals;
      },
    );
    if (answer === undefined) throw new Error('the limits were not asked');
    if (answer.wait > 0) throw new TrustError('RATE_LIMITED', { retryAfterMs: answer.wait });
    return answer.silenced ? 'silenced' : 'open';
  };
}

/** All or nothing: an attempt that one limit refuses is counted for none. A silent limit that is used up refuses nothing, and is moved on no further. */
function judge(limits: RateLimits, counted: readonly Counted[], arrivals: readonly number[], now: number) {
  const passages = counted.map(({ limit }, place) => pass(limits[limit], arrivals[place] ?? 0, now));
  let wait = 0;
  let silenced = false;
  for (const [place, passage] of passages.entries()) {
    if (passage.passes) continue;
    if (counted[place]?.silent) silenced = true;
    else wait = Math.max(wait, passage.wait);
  }
  if (wait > 0) return { wait, silenced, arrivals };
  const moved = passages.map((passage, place) => (passage.passes ? passage.arrival : (arrivals[place] ?? 0)));
  return { wait, silenced, arrivals: moved };
}

/** What an attempt is counted for. Names are kept as digests: the table tells nobody who was asked for, and each fits. */
function countedFor({ account, recipient, address, identityId }: Attempt): Counted[] {
  const block = addressBlock(address);
  return [
    { subject: 'tenant', limit: 'tenant' },
    ...(block === undefined ? [] : [{ subject: `address ${block}`, limit: 'address' } as const]),
    ...(recipient === undefined ? [] : [{ subject: digest('mail', recipient), limit: 'mail' } as const]),
    ...(account === undefined
      ? []
      : [
          { subject: digest('name', account), limit: 'account' } as const,
          { subject: digest('identity', identityId ?? account), limit: 'account', silent: true } as const,
        ]),
  ];
}

const digest = (kind: string, text: string) => `${kind} ${hash('sha256', `trust-layer:limit:${kind}:${text}`, 'hex')}`;

const PRUNE_ROWS = 10_000;

/** Forgets buckets that have been full for an hour: they are as good as new. */
export const pruneRateLimits = (rateLimits: Pick<RateLimitStore, 'prune'>) => () => rateLimits.prune(HOUR, PRUNE_ROWS);
