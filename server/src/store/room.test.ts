import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StorageFault } from './fault.ts';
import { fileReserve, keepRoom, type Reserve } from './room.ts';

const SIZE = 1_500_000;

describe('room for endings', () => {
  const folder = mkdtempSync(join(tmpdir(), 'trust_room_'));
  after(() => rmSync(folder, { recursive: true }));

  it('is a file of random bytes, for its owner alone, which is left as it is when it is there', async () => {
    const path = join(folder, 'a-reserve');
    const reserve = fileReserve(path, SIZE);
    assert.equal(await reserve.take(), undefined);
    assert.deepEqual([statSync(path).size, statSync(path).mode & 0o777], [SIZE, 0o600]);
    const before = readFileSync(path);
    assert.ok(new Set(before.subarray(0, 4_096)).size > 200, 'it does not compress');
    assert.equal(await reserve.take(), undefined);
    assert.ok(readFileSync(path).equals(before));
    writeFileSync(path, 'cut short');
    assert.equal(await reserve.take(), undefined);
    assert.equal(statSync(path).size, SIZE);
    await reserve.release();
    await reserve.release();
    assert.ok(!existsSync(path));
  });

  it('is not taken where there is less than twice as much, or no folder; nothing is left of the try', async () => {
    const path = join(folder, 'b-reserve');
    assert.equal(await fileReserve(path, 2 ** 52).take(), 'ENOSPC');
    assert.ok(!existsSync(path));
    assert.equal(await fileReserve(join(folder, 'missing', 'c'), SIZE).take(), 'ENOENT');
  });

  /** A disk that a test fills, and what a store does on it. */
  async function world(given: { full?: boolean; code?: string } = {}) {
    const disk = { full: given.full ?? false, reserved: false };
    const reserve: Reserve = {
      take: async () => {
        if (!disk.full) disk.reserved = true;
        return disk.full ? (given.code ?? 'ENOSPC') : undefined;
      },
      holds: async () => disk.reserved,
      release: async () => {
        disk.reserved = false;
      },
    };
    const said: string[] = [];
    const room = keepRoom((message) => void said.push(message));
    await room.setAside(reserve);
    const tried: boolean[] = [];
    const write = (ends: boolean) =>
      room.within(ends, async () => {
        tried.push(ends);
        if (disk.full && disk.reserved) throw Object.assign(new Error('full'), { code: 'SQLITE_FULL' });
        return 'written';
      });
    return { disk, room, write, said, tried };
  }
  const full = (error: Error) => error instanceof StorageFault && /its disk is full/.test(error.message);

  it('P2 is given to what ends something, and to nothing else; the rest is not even tried', async () => {
    const { disk, room, write, said, tried } = await world();
    assert.equal(await write(false), 'written');
    disk.full = true;
    await assert.rejects(write(false), { code: 'SQLITE_FULL' });
    assert.equal(disk.reserved, false);
    assert.equal(await write(true), 'written');
    tried.length = 0;
    await assert.rejects(write(false), full);
    assert.deepEqual(tried, []);
    assert.equal(said.length, 1, 'told once');
    room.close();
  });

  it('an ending that is the first to find no room is written all the same', async () => {
    const { disk, room, write } = await world();
    disk.full = true;
    assert.equal(await write(true), 'written');
    room.close();
  });

  it('ends when the reserve is whole again, and not before', async () => {
    const { mock } = await import('node:test');
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const { disk, write, said } = await world();
      disk.full = true;
      await write(true);
      // Later each time: after 2, 4, 8 seconds.
      for (const wait of [2_000, 4_000]) {
        mock.timers.tick(wait);
        await new Promise(setImmediate);
        await assert.rejects(write(false), full);
      }
      disk.full = false;
      mock.timers.tick(7_999);
      await new Promise(setImmediate);
      await assert.rejects(write(false), full);
      mock.timers.tick(1);
      await new Promise(setImmediate);
      assert.equal(await write(false), 'written');
      assert.deepEqual([disk.reserved, said.length], [true, 2]);
    } finally {
      mock.timers.reset();
    }
  });

  it('is over for each node once one has given it back', async () => {
    const { mock } = await import('node:test');
    mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
    try {
      const { disk, write } = await world();
      disk.full = true;
      disk.reserved = false;
      assert.equal(await write(false), 'written', 'there is what the other has given back');
      mock.timers.tick(5_000);
      await new Promise(setImmediate);
      await assert.rejects(write(false), full);
      assert.equal(await write(true), 'written');
    } finally {
      mock.timers.reset();
    }
  });

  it('a disk that is full from the beginning takes endings only', async () => {
    const { room, write } = await world({ full: true });
    await assert.rejects(write(false), full);
    assert.equal(await write(true), 'written');
    room.close();
  });

  it('where none can be set aside for another reason than a full disk it is said, and each write is left to the disk', async () => {
    const { write, said, disk } = await world({ full: true, code: 'EACCES' });
    assert.deepEqual(said, ['no room can be set aside for a full disk']);
    disk.reserved = false;
    assert.equal(await write(false), 'written');
  });

  it('other failures are no full disk; without a reserve each write is left to the disk', async () => {
    const { room, write } = await world();
    const busy = Object.assign(new Error('busy'), { code: 'SQLITE_BUSY' });
    await assert.rejects(
      room.within(true, () => Promise.reject(busy)),
      busy,
    );
    assert.equal(await write(false), 'written');
    const none = keepRoom(() => assert.fail('nothing to say'));
    const gone = Object.assign(new Error('full'), { code: 'ENOSPC' });
    for (const ends of [true, false])
      await assert.rejects(
        none.within(ends, () => Promise.reject(gone)),
        gone,
      );
    none.close();
    room.close();
  });
});
