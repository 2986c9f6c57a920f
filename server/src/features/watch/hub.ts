import { TrustError } from '../../errors/trust_error.ts';
import type { Change } from '../change/change.ts';
import type { RecentChanges } from '../change/recent_changes.ts';
import type { ChangeTail } from '../change/tail.ts';

/** An encoded message, shared by all who are sent it. */
export type Frame = Uint8Array;

/** One who watches a tenant. */
export type Subscriber = { offer(frame: Frame): void; fail(error: unknown): void };

export type WatchHub = {
  /** Changes that a read finds from now on are offered. Answers how to end it. */
  join(tenantId: string, subscriber: Subscriber): () => void;
  /** Every change of the tenant that was committed in the last W before the call. */
  backlog(tenantId: string): Promise<readonly Frame[]>;
  readonly size: number;
};

/** All subscribers of a node: one tail, one encoding of each change, one reading of the backlog for all who wait for it. */
export function watchHub(deps: {
  readonly tail: ChangeTail;
  readonly recentChanges: RecentChanges;
  readonly encode: (change: Change) => Frame;
}): WatchHub {
  const tenants = new Map<string, Set<Subscriber>>();
  const loads = new Map<string, () => Promise<readonly Frame[]>>();
  let unfollow: (() => void) | undefined;
  let size = 0;

  const follower = {
    changed(rows: readonly { readonly change: Change }[]) {
      for (const { change } of rows) {
        const subscribers = tenants.get(change.tenantId);
        if (subscribers === undefined) continue;
        const frame = deps.encode(change);
        for (const subscriber of subscribers) subscriber.offer(frame);
      }
    },
    lost() {
      unfollow = undefined;
      const left = [...tenants.values()].flatMap((subscribers) => [...subscribers]);
      for (const subscriber of left) subscriber.fail(new TrustError('WATCH_POSITION_LOST'));
    },
  };

  const load = async (tenantId: string) => (await deps.recentChanges(tenantId)).map(deps.encode);

  return {
    join(tenantId, subscriber) {
      const subscribers = tenants.get(tenantId) ?? new Set();
      tenants.set(tenantId, subscribers.add(subscriber));
      size += 1;
      unfollow ??= deps.tail.follow(follower);
      return () => {
        if (!subscribers.delete(subscriber)) return;
        size -= 1;
        if (subscribers.size === 0 && tenants.get(tenantId) === subscribers) tenants.delete(tenantId);
        if (size > 0) return;
        unfollow?.();
        unfollow = undefined;
      };
    },
    backlog(tenantId) {
      const shared =
        loads.get(tenantId) ??
        joined(
          () => load(tenantId),
          () => loads.delete(tenantId),
        );
      loads.set(tenantId, shared);
      return shared();
    },
    get size() {
      return size;
    },
  };
}

/** Calls that come while one is under way share the one that begins after it. */
function joined<T>(run: () => Promise<T>, idle: () => void): () => Promise<T> {
  let underWay: Promise<unknown> | undefined;
  let waiting: Promise<T> | undefined;
  const begin = (): Promise<T> => {
    waiting = undefined;
    const begun = run();
    const over = begun.then(
      () => {},
      () => {},
    );
    underWay = over;
    void over.then(() => {
      if (underWay !== over || waiting !== undefined) return;
      underWay = undefined;
      idle();
    });
    return begun;
  };
  return () => {
    if (underWay === undefined) return begin();
    waiting ??= underWay.then(begin);
    return waiting;
  };
}
