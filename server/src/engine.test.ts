import { deepEqual, ok } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { HELD } from './engine.ts';

/** What each turn makes lives through the next, and is nearly all that the young generation holds at first; prints its bytes before and after. */
const PROGRAM = `
import { getHeapSpaceStatistics } from 'node:v8';
import { setTimeout as sleep } from 'node:timers/promises';
await import(process.argv[1]);
const bytes = () => getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size;
const made = (count) => Array.from({ length: count }, () => new Array(100).fill(0));
const before = bytes();
let kept;
for (let turn = 0; turn < 600; turn++) {
  kept = [made(2_000), kept?.[0]];
  await sleep(0);
}
console.log(JSON.stringify({ before, after: bytes() }));
`;

describe('engine', () => {
  it('has the young generation grow to its bound, and no further', () => {
    const module = new URL('./engine.ts', import.meta.url).href;
    const output = execFileSync(process.execPath, ['--input-type=module', '--eval', PROGRAM, module], {
      encoding: 'utf8',
    });
    const { before, after } = JSON.parse(output) as { before: number; after: number };
    ok(before < 4_194_304, `${before} bytes after loading`);
    ok(after >= 16_777_216 && after <= 33_554_432, `${after} bytes after work`);
  });

  it('holds one of the objects that nextTick queues', () => {
    const held: unknown = Reflect.get(process, HELD);
    deepEqual(
      Object.getOwnPropertyNames(held).filter((name) => name === 'callback'),
      ['callback'],
    );
  });
});
