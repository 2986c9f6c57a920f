import { HOUR, type Instant, type Span } from '../../kernel/clock.ts';

/** How many attempts may come at once, and how many come back in an hour. */
export type RateLimit = { readonly burst: number; readonly perHour: number };

/** The limits of a tenant (spec LIM-1). */
export type RateLimits = {
  /** Attempts to prove that one is the owner of one account. */
  readonly account: RateLimit;
  /** Attempts of all kinds from one address block. */
  readonly address: RateLimit;
  /** Attempts of all kinds in the tenant. */
  readonly tenant: RateLimit;
  /** Mails that one recipient is sent. */
  readonly mail: RateLimit;
  /** What may be begun from one address block, and in the tenant, before a proof of work is asked for; undefined: none is (spec LIM-5). */
  readonly freeAddress?: RateLimit | undefined;
  readonly freeTenant?: RateLimit | undefined;
};

export const DEFAULT_RATE_LIMITS = {
  account: { burst: 10, perHour: 30 },
  address: { burst: 60, perHour: 600 },
  tenant: { burst: 3_000, perHour: 180_000 },
  mail: { burst: 5, perHour: 10 },
} satisfies RateLimits;

export type Passage =
  | { readonly passes: true; readonly arrival: Instant }
  | { readonly passes: false; readonly wait: Span };

/**
 * Decides one attempt by the generic cell rate algorithm. `arrival` is when the bucket will be full again, 0 for one that was never used; an attempt
 * moves it on by the time that one attempt takes to come back.
 */
export function pass({ burst, perHour }: RateLimit, arrival: Instant, now: Instant): Passage {
  const interval = Math.ceil(HOUR / perHour);
  // No bucket is emptier than empty: after the database's clock was set, or the limit was another, one attempt passes and begins anew.
  const full = arrival > now + interval * burst ? now + interval * (burst - 1) : arrival;
  const wait = full - now - interval * (burst - 1);
  return wait > 0 ? { passes: false, wait } : { passes: true, arrival: Math.max(full, now) + interval };
}
