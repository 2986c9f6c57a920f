import assert from 'node:assert/strict';
import { writeBehind } from './write_behind.ts';

function recording(options: { limit?: number; batch?: number } = {}) {
  const written: string[][] = [];
  const state = { failure: undefined as Error | undefined, during: () => {} };
  const buffer = writeBehind<string>({
    limit: options.limit ?? 10,
    batch: options.batch ?? 10,
    write: async (entries) => {
      state.during();
      if (state.failure) throw state.failure;
      written.push([...entries]);
    },
  });
  return { buffer, written, state };
}

describe('write-behind buffer', () => {
  it('writes the latest entry of each key, in batches, once', async () => {
    const { buffer, written } = recording({ batch: 2 });
    for (const [key, entry] of ['a1', 'b1', 'a2', 'c1'].map((text) => [text.charAt(0), text] as const)) {
      buffer.note(key, entry);
    }
    await buffer.flush();
    await buffer.flush();
    assert.deepEqual(written, [['a2', 'b1'], ['c1']]);
    assert.equal(buffer.size, 0);
  });

  it('keeps what was not written when a write fails', async () => {
    const { buffer, written, state } = recording({ batch: 1 });
    buffer.note('a', 'a1');
    state.failure = new Error('down');
    await assert.rejects(buffer.flush(), /down/);
    assert.equal(buffer.get('a'), 'a1');
    state.failure = undefined;
    await buffer.flush();
    assert.deepEqual(written, [['a1']]);
  });

  it('keeps an entry that was noted while an older one of its key was written', async () => {
    const { buffer, written, state } = recording();
    buffer.note('a', 'a1');
    state.during = () => buffer.note('a', 'a2');
    await buffer.flush();
    assert.equal(buffer.get('a'), 'a2');
    state.during = () => {};
    await buffer.flush();
    assert.deepEqual(written, [['a1'], ['a2']]);
  });

  it('takes no new key when full, but new entries of known ones', () => {
    const { buffer } = recording({ limit: 1 });
    assert.equal(buffer.note('a', 'a1'), true);
    assert.equal(buffer.full, true);
    assert.equal(buffer.note('b', 'b1'), false);
    assert.equal(buffer.note('a', 'a2'), true);
    assert.equal(buffer.get('b'), undefined);
  });

  it('flushes one at a time, and the later one writes what came between', async () => {
    const { buffer, written } = recording();
    buffer.note('a', 'a1');
    const first = buffer.flush();
    buffer.note('b', 'b1');
    await Promise.all([first, buffer.flush()]);
    assert.deepEqual(written.flat().sort(), ['a1', 'b1']);
  });
});
