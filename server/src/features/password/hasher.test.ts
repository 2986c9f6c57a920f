import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { reason } from '../../../../test/support/world.ts';
import { createHasher, type HasherOptions } from './hasher.ts';

const LEAST = { memoryKib: 19_456, passes: 2, concurrency: 1, queue: 64, random: (size: number) => randomBytes(size) };
const hasherWith = (options: Partial<HasherOptions> = {}) => createHasher({ ...LEAST, ...options });

describe('hasher', () => {
  it('PWD-2 writes argon2id PHC strings of the parameters, each with its own salt', async () => {
    const hasher = await hasherWith();
    const [one, two] = [await hasher.hash('same password'), await hasher.hash('same password')];
    assert.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    assert.notEqual(one, two);
    assert.ok(await verify(one, 'same password'), 'the library itself reads it');
    assert.ok(await hasher.verify(one, 'same password'));
    assert.ok(!(await hasher.verify(one, 'same passwore')));
  });

  it('PWD-1 uses every byte: twins that differ in byte 73 or 1,024, in case, normal form or a trailing space are others', async () => {
    const hasher = await hasherWith();
    const long = 'x'.repeat(1_023);
    const pairs = [
      ['a'.repeat(72), `${'a'.repeat(72)}b`],
      [`${long}y`, `${long}z`],
      ['Password-é', 'Password-e\u0301'],
      ['with space', 'with space '],
      ['nul\0one-two', 'nul\0one-twx'],
    ] as const;
    for (const [one, two] of pairs) {
      const stored = await hasher.hash(one);
      assert.ok(await hasher.verify(stored, one));
      assert.ok(!(await hasher.verify(stored, two)), JSON.stringify(two.slice(-20)));
    }
  });

  it('PWD-2 asks for a new hash when memory or passes grew, and when the kind is another; not when they shrank', async () => {
    const stored = await (await hasherWith()).hash('a password');
    const needs = async (options: Partial<HasherOptions>) => (await hasherWith(options)).needsRehash(stored);
    assert.equal(await needs({}), false);
    assert.equal(await needs({ memoryKib: 20_000 }), true);
    assert.equal(await needs({ passes: 3 }), true);
    assert.equal(await needs({ lanes: 2 }), true);
    const strong = await hash('a password', { algorithm: 2, memoryCost: 30_000, timeCost: 3 });
    assert.equal((await hasherWith()).needsRehash(strong), false);
    const otherKind = await hash('a password', { algorithm: 1, memoryCost: 30_000, timeCost: 3 });
    assert.equal((await hasherWith()).needsRehash(otherKind), true);
  });

  it('PWD-3 without a stored hash it computes one all the same and says no', async () => {
    const hasher = await hasherWith({ passes: 8 });
    const stored = await hasher.hash('a password');
    // Of the processor, which is the same however much else the machine does.
    const work = async (hash: string | undefined) => {
      const begun = process.cpuUsage();
      for (let round = 0; round < 5; round++) assert.equal(await hasher.verify(hash, 'another one'), false);
      const { user, system } = process.cpuUsage(begun);
      return user + system;
    };
    const [known, unknown] = [await work(stored), await work(undefined)];
    assert.ok(unknown > known / 3 && unknown < known * 3, `${unknown} µs for unknown, ${known} µs for known`);
  });

  it('PWD-4 computes `concurrency` at a time in order; one more than the queue holds is HASHING_BUSY with a time to come back', async () => {
    const hasher = await hasherWith({ concurrency: 1, queue: 2 });
    const order: number[] = [];
    const works = [1, 2, 3].map((n) => hasher.hash(`password ${n}`).then(() => order.push(n)));
    await assert.rejects(hasher.hash('password 4'), (error: { retryAfterMs?: number }) => {
      assert.ok(reason('HASHING_BUSY')(error));
      return (error.retryAfterMs ?? 0) > 0;
    });
    await assert.rejects(hasher.verify(undefined, 'password 5'), reason('HASHING_BUSY'));
    await Promise.all(works);
    assert.deepEqual(order, [1, 2, 3]);
    await hasher.hash('the queue is free again');
  });

  it('PWD-4 a failed hash gives its place back, and a queue of 0 still lets one in', async () => {
    const hasher = await hasherWith({ concurrency: 1, queue: 0 });
    for (let n = 0; n < 3; n++) await assert.rejects(hasher.verify('no PHC string', 'a password'));
    assert.ok(await hasher.hash('a password'));
  });
});
