// Plays spec/scenarios_lease/*.yaml on the machine and on the tail. The format is that of the README beside them.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { FeedTail, type PlacedRow } from '../../../../test/simulation/feed_tail.ts';
import type { FeedChange, SessionFacts } from './facts.ts';
import { type Ask, LeaseMachine } from './machine.ts';
import type { Reading } from './reading.ts';
import { type LeaseSettings, NODE_LEASE, SDK_LEASE } from './settings.ts';

type Members = Readonly<Record<string, unknown>>;

interface Case {
  readonly name: string;
  readonly rules: readonly string[];
  readonly machine?: 'sdk' | 'node' | 'tail';
  readonly settings?: Members;
  readonly events: readonly Members[];
}

const FOLDER = new URL('../../../../spec/scenarios_lease/', import.meta.url);
const BASE = 1_800_000_000_000;
const SESSION = {
  version: 1,
  identity: 'idn_1',
  epoch: 1,
  identity_version: 1,
  expires_at: 86_400_000,
  last_used_at: 0,
  idle_timeout_ms: 3_600_000,
};

const camel = (name: string) => name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
const snake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const renamed = (members: object, rename: (name: string) => string) =>
  Object.fromEntries(Object.entries(members).map(([name, value]) => [rename(name), value]));

/** Reads the members of an event; one that is not read is a typing error. */
class Given {
  readonly #members: Members;
  readonly #left: Set<string>;

  constructor(members: Members) {
    this.#members = members;
    this.#left = new Set(Object.keys(members));
  }

  get<T>(name: string, otherwise?: T): T {
    this.#left.delete(name);
    const value = this.#members[name] ?? otherwise;
    if (value === undefined) throw new Error(`an event needs ${name}`);
    return value as T;
  }

  has(name: string): boolean {
    return this.#members[name] !== undefined;
  }

  end(): void {
    assert.deepEqual([...this.#left], [], 'members that no event of this kind has');
  }
}

function factsOf(session: Members): SessionFacts<string> {
  const given = new Given({ ...SESSION, ...session });
  const name = given.get<string>('name');
  const version = given.get<number>('version');
  const facts = {
    handle: `ses_${name}`,
    version,
    identityId: given.get<string>('identity'),
    epoch: given.get<number>('epoch'),
    identityVersion: given.get<number>('identity_version'),
    expiresAt: BASE + given.get<number>('expires_at'),
    lastUsedAt: BASE + given.get<number>('last_used_at'),
    idleTimeoutMs: given.get<number>('idle_timeout_ms'),
    organisationId: given.get<string>('organisation', '') || undefined,
    organisationVersion: given.get<number>('organisation_version', 1),
    value: `${name}@${version}`,
  };
  given.end();
  return facts;
}

/** `{ session: {…} }` and the like; the one member names the kind. */
function changeOf(change: Members): FeedChange {
  const { tenant_id: tenantId, ...rest } = change;
  const [[kind, members] = ['', {}]] = Object.entries(rest);
  return { kind, ...renamed(members as object, camel), ...(tenantId ? { tenantId } : {}) } as FeedChange;
}

type Play = (given: Given, now: Reading) => unknown;

function machinePlays(settings: LeaseSettings): Readonly<Record<string, Play>> {
  const machine = new LeaseMachine<string>(settings, 'default');
  const asks = new Map<string, Ask>();
  let last = 0;
  const stream = (given: Given) => given.get<number>('stream', last);
  const ready = (given: Given, now: Reading) =>
    machine.ready(stream(given), given.get('bound_ms', settings.boundMs), given.get('window_ms', 360_000), now).missed;
  const renew = (given: Given, now: Reading) => {
    const time = given.get<number>('database_time', now.wall - BASE);
    const number = machine.ping(stream(given), now);
    if (number !== undefined) machine.pong(stream(given), number, BASE + time);
  };
  const notice = (told: object | undefined) => (told === undefined ? 'nothing' : renamed(told, snake));
  const ask = (name: string): Ask => {
    const found = asks.get(name);
    if (found === undefined) throw new Error(`nothing was asked as ${name}`);
    return found;
  };
  return {
    open: () => {
      last = machine.open();
      return last;
    },
    close: (given) => machine.close(stream(given)),
    ping: (given, now) => machine.ping(stream(given), now) ?? 'none',
    ready,
    pong: (given, now) => {
      const time = given.get<number | 'none'>('database_time', now.wall - BASE);
      machine.pong(stream(given), given.get('number'), time === 'none' ? 0 : BASE + time);
    },
    connect: (given, now) => {
      last = machine.open();
      ready(given, now);
      renew(given, now);
      return last;
    },
    renew,
    change: (given, now) => notice(machine.change(stream(given), changeOf(given.get('change')), now)),
    own_change: (given, now) => notice(machine.ownChange(changeOf(given.get('change')), now)),
    leased: (_, now) => machine.leased(now),
    verify: (given, now) => machine.verify(given.get('key'), now) ?? 'ask',
    ask: (given, now) => {
      asks.set(given.get('as'), machine.ask(now, given.get('strong', false)));
    },
    answered: (given, now) => {
      const asked = ask(given.get('ask'));
      if (given.has('rejected'))
        return given.get('rejected') && machine.answered(asked, given.get('key'), undefined, now);
      const session = given.get<Members>('session');
      return machine.answered(asked, given.get('key', session.name as string), factsOf(session), now);
    },
    fill: (given, now) => {
      const session = given.get<Members>('session');
      return machine.answered(machine.ask(now), given.get('key', session.name as string), factsOf(session), now);
    },
    token: (given, now) => {
      const told = renamed(given.get<object>('token', {}), camel);
      const token = { kid: 'k1', sid: 'ses_a', ver: 1, sub: 'idn_1', epoch: 1, ...told };
      return machine.token(token, now);
    },
    may_stamp: (_, now) => machine.mayStamp(now),
    take_uses: (given, now) => machine.takeUses(now, given.get('limit', 1_024)).map((use) => renamed(use, snake)),
    size: () => machine.size,
  };
}

function tailPlays(settings: Members): Readonly<Record<string, Play>> {
  const { overlapMs = 10_000, windowMs = 360_000 } = renamed(settings, camel) as Record<string, number>;
  const tail = new FeedTail<PlacedRow>({ overlapMs, windowMs });
  return {
    ping: (given) => tail.ping({ watcher: given.get('watcher', 1), number: given.get('number') }),
    forget: (given) => tail.forget(given.get('watcher')),
    begin: (_, now) => tail.begin(now),
    failed: () => tail.failed(),
    done: (given, now) => {
      const rows = given.get<number[]>('rows').map((position) => ({ position }));
      const time = given.get<number>('database_time', now.wall - BASE);
      const { fresh, pongs, restart } = tail.done(rows, BASE + time, now);
      return restart ? 'restart' : { fresh: fresh.map(({ position }) => position), pongs };
    },
  };
}

function play({ machine = 'sdk', settings = {}, events }: Case): void {
  const changed = renamed(settings, camel) as Partial<LeaseSettings>;
  const plays =
    machine === 'tail'
      ? tailPlays(settings)
      : machinePlays({ ...(machine === 'node' ? NODE_LEASE : SDK_LEASE), ...changed });
  let at = 0;
  for (const [index, event] of events.entries()) {
    const given = new Given(event);
    const name = given.get<string>('do');
    at = given.get<number>('at', at);
    const now = { mono: at, wall: BASE + given.get<number>('wall', at) };
    const expect = given.get<unknown>('expect', 'not said');
    const perform = plays[name];
    assert.ok(perform !== undefined, `nothing is called ${name}`);
    const decision = perform(given, now);
    given.end();
    if (expect !== 'not said') assert.deepEqual(decision, expect, `event ${index + 1}: ${JSON.stringify(event)}`);
  }
}

const files = readdirSync(FOLDER).filter((file) => file.endsWith('.yaml'));
const cases = files.map((file) => ({
  file,
  cases: parse(readFileSync(new URL(file, FOLDER), 'utf8')).cases as Case[],
}));

describe('scenarios of the lease', () => {
  for (const { file, cases: those } of cases) {
    describe(file, () => {
      for (const one of those) it(`${one.rules.join(' ')} ${one.name}`, () => play(one));
    });
  }

  it('name every rule that is the machine’s or the tail’s', () => {
    const rules =
      'WAT-3 WAT-4 WAT-5 WAT-6 WAT-7 WAT-8 WAT-9 WAT-10 WAT-11 WAT-12 WAT-13 WAT-14 WAT-15 WAT-16 WAT-17 WAT-18 ' +
      'WAT-25 WAT-26 WAT-29 WAT-33 WAT-34 WAT-35';
    const named = new Set(cases.flatMap(({ cases: those }) => those.flatMap((one) => one.rules)));
    assert.deepEqual(
      rules.split(' ').filter((rule) => !named.has(rule)),
      [],
    );
  });
});
