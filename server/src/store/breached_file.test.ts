import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBreachedFile } from './breached_file.ts';

describe('list of breached passwords', () => {
  const folder = mkdtempSync(join(tmpdir(), 'breached-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const file = (text: string) => {
    const path = join(folder, 'list');
    writeFileSync(path, text);
    return path;
  };
  const digest = (password: string) => hash('sha1', password, 'hex').toUpperCase();

  it('PWD-8 finds each password of the list and no other, whatever the length of the lines and of the list', async () => {
    for (const count of [1, 2, 3, 10, 1_000]) {
      for (const [tail, feed] of [
        ['', '\n'],
        [':7', '\r\n'],
        ['', '\n'],
      ]) {
        const inside = Array.from({ length: count }, (_, n) => `breached-${n}`);
        const lines = inside.map((password, n) => `${digest(password)}${tail && `:${10 ** (n % 9)}`}`).sort();
        const list = await openBreachedFile(file(lines.join(feed) + (tail === '' ? '' : feed)));
        for (const password of inside) assert.equal(await list.has(password), true, `${password} of ${count}`);
        for (let n = 0; n < 50; n += 1) assert.equal(await list.has(`other-${n}`), false);
        list.close();
      }
    }
  });

  it('PWD-8 refuses a file that is not such a list', async () => {
    for (const text of [
      '',
      'password\n123456\n',
      `${'F'.repeat(40)}\n${'0'.repeat(40)}\n`,
      digest('a').toLowerCase(),
    ]) {
      await assert.rejects(openBreachedFile(file(text)), /cannot be used/);
    }
  });
});
