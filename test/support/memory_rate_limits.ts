import type { RateLimitStore } from '../../server/src/features/rate_limit/store.ts';

const key = (tenantId: string, subject: string) => `${tenantId}\n${subject}`;

/** The port of rate limits over a plain map. Its clock stands unless one is given. */
export function memoryRateLimits(clock: () => number = () => Date.UTC(2026, 0, 2)): RateLimitStore {
  const arrivals = new Map<string, number>();
  return {
    async update(tenantId, subjects, decide) {
      const before = subjects.map((subject) => arrivals.get(key(tenantId, subject)) ?? 0);
      for (const [place, arrival] of decide(before, clock()).entries())
        arrivals.set(key(tenantId, subjects[place] ?? ''), arrival);
    },
    prune: async () => 0,
  };
}
