// Plays the cases of spec/scenarios_lease/ for the machine `node` on what serves verdicts here, over a tail that is moved by hand.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { SessionFacts } from '@trust-layer/sdk/lease';
import { parse } from 'yaml';
import type { Change } from '../change/change.ts';
import type { Follower } from '../change/tail.ts';
import { type NodeCache, nodeCache } from './node_cache.ts';

type Event = Readonly<Record<string, unknown>> & { readonly do: string };
type Case = {
  readonly name: string;
  readonly rules: readonly string[];
  readonly settings?: { readonly clock_margin_ms?: number };
  readonly events: readonly Event[];
};

const FILE = new URL('../../../../spec/scenarios_lease/node.yaml', import.meta.url);
const BASE = 1_800_000_000_000;

function factsOf({ name = '', version = 1 }: { name?: string; version?: number }): SessionFacts<string> {
  const times = { expiresAt: BASE + 86_400_000, lastUsedAt: BASE, idleTimeoutMs: 3_600_000 };
  return {
    handle: `ses_${name}`,
    version,
    identityId: 'idn_1',
    epoch: 1,
    identityVersion: 1,
    ...times,
    value: `${name}@${version}`,
  };
}

function changeOf(change: { session: { handle: string; version: number; revoked: boolean } }): Change {
  return { tenantId: 'default', kind: 'session', ...change.session };
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

function world({ settings }: Case) {
  const time = { mono: 0, wall: BASE };
  let follower: Follower | undefined;
  let ends: (() => void)[] = [];
  const cache: NodeCache<string> = nodeCache<string>({
    tail: {
      follow: (one) => {
        follower = one;
        return () => {};
      },
      nextRead: () => ({ whenDone: () => {} }),
    },
    clocks: () => ({ ...time }),
    // Whoever waits for a lease waits in vain, and gives up at once.
    timer: (_, run) => {
      ends.push(run);
      return () => {};
    },
    settings: settings?.clock_margin_ms === undefined ? {} : { clockMarginMs: settings.clock_margin_ms },
  });
  return {
    cache,
    time,
    followed() {
      cache.get('nobody', { ...time });
      assert.ok(follower !== undefined);
      return follower;
    },
    giveUp() {
      for (const end of ends) end();
      ends = [];
    },
  };
}

async function play(one: Case): Promise<void> {
  const { cache, time, followed, giveUp } = world(one);
  let began = { ...time };
  const looks: { ask: unknown; name: string; reads: ((facts: SessionFacts<string>) => void)[] }[] = [];

  const look = (ask: unknown, session: { name?: string }) => {
    const entry = { ask, name: session.name ?? '', reads: [] as ((facts: SessionFacts<string>) => void)[] };
    looks.push(entry);
    cache.look(entry.name, () => new Promise((resolve) => entry.reads.push(resolve))).catch(() => {});
    return entry;
  };
  /** What became of a look-up: done again, kept, or (the answer came too late) not. */
  const answered = async (entry: ReturnType<typeof look>, session: object) => {
    entry.reads[0]?.(factsOf(session));
    await settled();
    if (entry.reads.length > 1) return 'superseded';
    return cache.get(entry.name, { ...time }) === factsOf(session).value ? 'kept' : 'late';
  };
  const read = (event: Event) => {
    const databaseTime = BASE + ((event.database_time as number | undefined) ?? time.wall - BASE);
    followed().read?.({ began, databaseTime });
  };

  for (const [index, event] of one.events.entries()) {
    time.mono = (event.at as number | undefined) ?? time.mono;
    time.wall = BASE + ((event.wall as number | undefined) ?? time.mono);
    const plays: Record<string, () => unknown> = {
      open: () => void followed(),
      ping: () => {
        began = { ...time };
        return 1;
      },
      // A read is ping and pong at once, and needs no ready.
      ready: () => undefined,
      pong: () => read(event),
      connect: () => {
        followed();
        began = { ...time };
        read(event);
      },
      renew: () => {
        began = { ...time };
        read(event);
      },
      change: () =>
        followed().changed([{ position: 1, change: changeOf(event.change as Parameters<typeof changeOf>[0]) }]),
      verify: () => cache.get(event.key as string, { ...time }) ?? 'ask',
      ask: () => {
        const answers = one.events.filter(({ ask }) => ask === event.as);
        for (const { session } of answers) look(event.as, session as object);
      },
      answered: () => {
        const place = looks.findIndex(({ ask }) => ask === event.ask);
        const [entry] = looks.splice(place, 1);
        assert.ok(entry !== undefined);
        return answered(entry, event.session as object);
      },
      fill: () => answered(look(undefined, event.session as object), event.session as object),
      may_stamp: async () => {
        const stamped = cache.stamp().then(
          () => true,
          () => false,
        );
        giveUp();
        return await stamped;
      },
    };
    const perform = plays[event.do];
    assert.ok(perform !== undefined, `nothing is called ${event.do}`);
    const decision = await perform();
    if ('expect' in event) assert.deepEqual(decision, event.expect, `event ${index + 1}: ${JSON.stringify(event)}`);
  }
}

describe('scenarios of the lease, on the node', () => {
  const { cases } = parse(readFileSync(FILE, 'utf8')) as { cases: readonly (Case & { machine: string })[] };
  for (const one of cases) {
    assert.equal(one.machine, 'node');
    it(`${one.rules.join(' ')} ${one.name}`, () => play(one));
  }
});
