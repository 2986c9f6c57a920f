// What the scenarios of spec/scenarios_lease cannot say as plain data.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FeedTail } from '../../../../test/simulation/feed_tail.ts';
import { entryKey, type SessionFacts } from './facts.ts';
import { LeaseMachine } from './machine.ts';
import { elapsed, type Reading } from './reading.ts';
import { SDK_LEASE } from './settings.ts';

const at = (ms: number): Reading => ({ mono: ms, wall: 1_800_000_000_000 + ms });

const facts = (name: string, more: Partial<SessionFacts<string>> = {}): SessionFacts<string> => ({
  handle: `ses_${name}`,
  version: 1,
  identityId: 'idn_1',
  epoch: 1,
  identityVersion: 1,
  expiresAt: 1_900_000_000_000,
  lastUsedAt: 1_800_000_000_000,
  idleTimeoutMs: 3_600_000,
  value: name,
  ...more,
});

function connected(settings = SDK_LEASE): LeaseMachine<string> {
  const machine = new LeaseMachine<string>(settings);
  const stream = machine.open();
  machine.ready(stream, 2_000, 360_000, at(0));
  machine.pong(stream, machine.ping(stream, at(0)) ?? 0, at(0).wall);
  return machine;
}

describe('lease machine', () => {
  it('WAT-13 the key of an entry parts tenant and name', () => {
    assert.notEqual(entryKey('a', 'bc'), entryKey('ab', 'c'));
    assert.notEqual(entryKey('', '1:a'), entryKey('1', ':a'));
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (t1, n1, t2, n2) => {
        assert.equal(entryKey(t1, n1) === entryKey(t2, n2), t1 === t2 && n1 === n2);
      }),
    );
  });

  it('WAT-13 a flood of unknown ids moves no entry, a flood of good ones none that is in use', () => {
    const machine = connected({ ...SDK_LEASE, maxEntries: 100 });
    for (let index = 0; index < 50; index++) {
      assert.equal(machine.answered(machine.ask(at(1)), `good${index}`, facts(`good${index}`), at(1)), 'kept');
    }
    const allThere = () => {
      for (let index = 0; index < 50; index++) assert.equal(machine.verify(`good${index}`, at(2)), `good${index}`);
    };
    allThere();
    for (let index = 0; index < 10_000; index++) machine.answered(machine.ask(at(2)), `bad${index}`, undefined, at(2));
    allThere();
    for (let index = 0; index < 1_000; index++) {
      machine.answered(machine.ask(at(2)), `new${index}`, facts(`new${index}`), at(2));
      if (index % 40 === 0) allThere();
    }
    allThere();
    assert.equal(machine.size.entries, 100);
  });

  it('WAT-8 memory of tombstones is bounded', () => {
    const machine = connected({ ...SDK_LEASE, maxTombstones: 10 });
    for (let index = 0; index < 1_000; index++) {
      machine.ownChange({ kind: 'session', handle: `ses_${index}`, version: 2, revoked: true }, at(index));
      machine.ownChange({ kind: 'identity', identityId: `idn_${index}`, epoch: 2, version: 2 }, at(index));
      machine.ownChange({ kind: 'signing_key', kid: `k${index}`, retired: true }, at(index));
    }
    assert.equal(machine.size.tombstones, 30);
  });

  it('WAT-14 uses that are never taken cost no memory', () => {
    const machine = connected({ ...SDK_LEASE, maxEntries: 10 });
    for (let index = 0; index < 100; index++) {
      machine.answered(machine.ask(at(1)), `s${index}`, facts(`s${index}`), at(1));
      machine.verify(`s${index}`, at(2));
    }
    assert.equal(machine.takeUses(at(3)).length, 10);
    assert.equal(machine.verify('s99', at(4)), 's99');
  });

  it('WAT-11 elapsed is the larger of both clocks, and no number is no span', () => {
    assert.equal(elapsed({ mono: 0, wall: 0 }, { mono: 5, wall: 7 }), 7);
    assert.equal(elapsed({ mono: 0, wall: 0 }, { mono: 5, wall: -7 }), 5);
    assert.ok(Number.isNaN(elapsed({ mono: 0, wall: 0 }, { mono: Number.NaN, wall: 1 })));
  });

  it('WAT-34 every row is delivered once by the first read that began after its commit, whatever the order of commits', () => {
    const OVERLAP = 1_000;
    const rows = fc.array(
      fc.record({ gap: fc.integer({ min: 0, max: 300 }), takes: fc.integer({ min: 0, max: OVERLAP }) }),
    );
    const reads = fc.array(
      fc.record({ gap: fc.integer({ min: 1, max: 900 }), takes: fc.integer({ min: 0, max: 400 }) }),
    );
    fc.assert(
      fc.property(rows, reads, (planned, polls) => {
        let began = 0;
        const written = planned.map(({ gap, takes }, index) => {
          began += gap;
          return { position: index + 1, commit: began + takes };
        });
        const tail = new FeedTail({ overlapMs: OVERLAP, windowMs: 1e9 });
        const delivered = new Set<number>();
        let time = 0;
        for (const { gap, takes } of polls) {
          time += gap;
          const start = time;
          const after = tail.begin(at(start));
          // The database looks somewhere between asking and answering: here, at once.
          const seen = written.filter(({ position, commit }) => commit <= start && position > after);
          time += takes;
          for (const { position } of tail.done(seen, time, at(time)).fresh) {
            assert.ok(!delivered.has(position), `row ${position} twice`);
            delivered.add(position);
          }
          const missing = written.filter(({ position, commit }) => commit <= start && !delivered.has(position));
          assert.deepEqual(missing, []);
        }
      }),
    );
  });

  it('WAT-34 the memory of the tail is that of an overlap', () => {
    const tail = new FeedTail({ overlapMs: 1_000, windowMs: 1e9 });
    for (let position = 1; position <= 5_000; position++) {
      const after = tail.begin(at(position * 25));
      const rows = Array.from({ length: position - after }, (_, index) => ({ position: after + index + 1 }));
      tail.done(rows, position * 25, at(position * 25));
    }
    assert.ok(tail.size < 50, `${tail.size} positions`);
  });
});
