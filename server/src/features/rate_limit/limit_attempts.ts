import { hash } from 'node:crypto';
import { TrustError } from '../../errors/trust_error.ts';
import { addressBlock } from '../../kernel/address_block.ts';
import { HOUR } from '../../kernel/clock.ts';
import type { TenantSettings } from '../tenant/tenant.ts';
import type { ProofOfWork } from './proof_of_work.ts';
import { pass, type RateLimit, type RateLimits } from './rate_limit.ts';
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
  /** Runs where the limit of the account refuses, ahead of the refusal: for every name alike. */
  readonly throttled?: (() => Promise<void>) | undefined;
  /** Set for what begins something: beyond what is free, work must be proved. The solution of a challenge; empty where there is none. */
  readonly proofOfWork?: string | undefined;
};

/**
 * Counts an attempt before anything costly is done for it. `silenced`: the answer must be that of a failed attempt, and nothing is tried.
 * Errors: RATE_LIMITED; PROOF_OF_WORK_REQUIRED; DATABASE_UNAVAILABLE, and then nothing may be tried either (spec LIM-3).
 */
export type LimitAttempts = (attempt: Attempt) => Promise<'open' | 'silenced'>;

/** `silent`: is kept without a word. `free`: beyond it work must be proved. `once`: the proof itself. `ofAccount`: whoever refuses by it is told of. */
type Counted = {
  readonly subject: string;
  readonly limit: RateLimit;
  readonly ofAccount?: true;
  readonly kind?: 'silent' | 'free' | 'once';
};

type LimitDeps = {
  readonly rateLimits: Pick<RateLimitStore, 'update'>;
  readonly settings: (tenantId: string) => Promise<TenantSettings>;
  readonly proofOfWork: ProofOfWork;
};

export function limitAttempts(deps: LimitDeps): LimitAttempts {
  const count = async ({ tenantId, throttled }: Attempt, subjects: readonly Counted[]) => {
    const counted = subjects.toSorted((a, b) => (a.subject < b.subject ? -1 : 1));
    let answer: ReturnType<typeof judge> | undefined;
    await deps.rateLimits.update(
      tenantId,
      counted.map(({ subject }) => subject),
      (arrivals, now) => {
        answer = judge(counted, arrivals, now);
        return answer.arrivals;
      },
    );
    if (answer === undefined) throw new Error('the limits were not asked');
    if (answer.throttled) await throttled?.();
    if (answer.wait > 0) throw new TrustError('RATE_LIMITED', { retryAfterMs: answer.wait });
    return answer;
  };

  return async (attempt) => {
    const { tenantId, address, proofOfWork: solution } = attempt;
    const { rateLimits: limits } = await deps.settings(tenantId);
    const counted = [...countedFor(attempt, limits), ...(solution === undefined ? [] : freeFor(address, limits))];
    let answer = await count(attempt, counted);
    if (answer.unproved > 0 && solution) {
      // Looked at where it is needed only, and by none that a limit refuses: looking costs a millisecond or two.
      const proved = await deps.proofOfWork.solved(tenantId, solution);
      const once =
        proved === undefined ? [] : [{ subject: digest('work', proved), limit: ONCE, kind: 'once' } as const];
      if (once.length > 0) answer = await count(attempt, [...counted, ...once]);
    }
    if (answer.unproved > 0) {
      const challenge = await deps.proofOfWork.challenge(tenantId);
      throw new TrustError('PROOF_OF_WORK_REQUIRED', { retryAfterMs: answer.unproved, metadata: { challenge } });
    }
    return answer.silenced ? 'silenced' : 'open';
  };
}

/** A challenge where what is begun from this address would have to prove work just now; undefined where not. Counts nothing. */
export type AskForWork = (tenantId: string, address: string) => Promise<string | undefined>;

export function askForWork(deps: LimitDeps): AskForWork {
  return async (tenantId, address) => {
    const free = freeFor(address, (await deps.settings(tenantId)).rateLimits);
    if (free.length === 0) return undefined;
    let usedUp = false;
    const subjects = free.map(({ subject }) => subject);
    await deps.rateLimits.update(tenantId, subjects, (arrivals, now) => {
      usedUp = judge(free, arrivals, now).unproved > 0;
      return arrivals;
    });
    return usedUp ? deps.proofOfWork.challenge(tenantId) : undefined;
  };
}

/** A proof is good once; its challenge is too old long before this would let it pass again. */
const ONCE: RateLimit = { burst: 1, perHour: 1 };

/**
 * All or nothing: an attempt that one limit refuses is counted for none. A silent limit that is used up refuses nothing, and is moved on no further; so is
 * what is free, where work was proved. A proof is spent only where it was needed.
 */
function judge(counted: readonly Counted[], arrivals: readonly number[], now: number) {
  const passages = counted.map(({ limit, kind, ofAccount }, place) => ({
    kind,
    ofAccount,
    ...pass(limit, arrivals[place] ?? 0, now),
  }));
  const waits = (of: Counted['kind']) =>
    Math.max(0, ...passages.map((one) => (one.kind === of && !one.passes ? one.wait : 0)));
  const wait = waits(undefined);
  const beyond = waits('free');
  const proved = passages.some(({ kind, passes }) => kind === 'once' && passes);
  const unproved = proved ? 0 : beyond;
  const silenced = waits('silent') > 0;
  const throttled = passages.some(({ ofAccount, passes }) => ofAccount === true && !passes);
  if (wait > 0 || unproved > 0) return { wait, unproved, silenced, throttled, arrivals };
  const moves = (kind: Counted['kind']) => kind !== 'once' || beyond > 0;
  const moved = passages.map((one, place) => (one.passes && moves(one.kind) ? one.arrival : (arrivals[place] ?? 0)));
  return { wait, unproved, silenced, throttled, arrivals: moved };
}

/** What an attempt is counted for. Names are kept as digests: the table tells nobody who was asked for, and each fits. */
function countedFor({ account, recipient, address, identityId }: Attempt, limits: RateLimits): Counted[] {
  const block = addressBlock(address);
  return [
    { subject: 'tenant', limit: limits.tenant },
    ...(block === undefined ? [] : [{ subject: `address ${block}`, limit: limits.address }]),
    ...(recipient === undefined ? [] : [{ subject: digest('mail', recipient), limit: limits.mail }]),
    ...(account === undefined
      ? []
      : [
          { subject: digest('name', account), limit: limits.account, ofAccount: true } as const,
          { subject: digest('identity', identityId ?? account), limit: limits.account, kind: 'silent' } as const,
        ]),
  ];
}

function freeFor(address: string, { freeAddress, freeTenant }: RateLimits): Counted[] {
  const block = addressBlock(address);
  return [
    ...(freeTenant === undefined ? [] : [{ subject: 'free', limit: freeTenant, kind: 'free' } as const]),
    ...(freeAddress === undefined || block === undefined
      ? []
      : [{ subject: `free ${block}`, limit: freeAddress, kind: 'free' } as const]),
  ];
}

const digest = (kind: string, text: string) => `${kind} ${hash('sha256', `trust-layer:limit:${kind}:${text}`, 'hex')}`;

/** Whether something may be done again that is done seldom: counted for all nodes, and alike for every subject. */
export type Seldom = (tenantId: string, subject: string, limit: RateLimit) => Promise<boolean>;

export const seldom =
  ({ rateLimits }: Pick<LimitDeps, 'rateLimits'>): Seldom =>
  async (tenantId, subject, limit) => {
    let passes = false;
    await rateLimits.update(tenantId, [digest('seldom', subject)], ([arrival = 0], now) => {
      const passage = pass(limit, arrival, now);
      passes = passage.passes;
      return [passage.passes ? passage.arrival : arrival];
    });
    return passes;
  };

const PRUNE_ROWS = 10_000;

/** Forgets buckets that have been full for an hour: they are as good as new. */
export const pruneRateLimits = (rateLimits: Pick<RateLimitStore, 'prune'>) => () => rateLimits.prune(HOUR, PRUNE_ROWS);
