import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { read, sourceFiles } from './sources.ts';

const PAGE = 'docs/guide/asvs.md';

describe('the answers to the checklist', () => {
  const { levels } = JSON.parse(read('test/house/asvs.json')) as { levels: Readonly<Record<string, number>> };
  const page = read(PAGE);
  const rows = [...page.matchAll(/^\| (V[\d.]+) \| (\d) \| ([^|]*) \| (.*) \|$/gm)].map(
    ([, id = '', level = '', answer = '', how = '']) => ({ id, level: Number(level), answer, how }),
  );
  const pathsOf = (text: string) => [...text.matchAll(/`([\w./-]+\/[\w.-]+\.\w+)`/g)].map(([, path = '']) => path);

  it('each of the 140 requirements is answered once, with its level, by one of four words', () => {
    assert.equal(Object.keys(levels).length, 140);
    assert.deepEqual(
      rows.map(({ id, level }) => [id, level]),
      Object.entries(levels),
    );
    const answers = ['met', 'partly', 'not met', 'n/a'];
    assert.deepEqual(
      rows.filter(({ answer }) => !answers.includes(answer)),
      [],
    );
  });

  it('what is met names a file that shows it, or a page that says it, and says what is missing where it is not', () => {
    const wrong = rows.filter(({ answer, how }) =>
      answer === 'met' || answer === 'partly' ? pathsOf(how).length === 0 && !how.includes('](') : how.trim() === '',
    );
    assert.deepEqual(
      wrong.map(({ id }) => id),
      [],
    );
  });

  it('every file, heading and rule that is named is there', () => {
    const missing = pathsOf(page).filter((path) => !existsSync(path));
    const slug = (heading: string) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w -]/g, '')
        .replaceAll(' ', '-');
    for (const [, file = '', anchor = ''] of page.matchAll(/\]\(([\w./]*\.md)?#([\w-]+)\)/g)) {
      const text = read(file === '' || file === undefined ? PAGE : `docs/guide/${file}`);
      const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => slug(heading));
      if (!headings.includes(anchor)) missing.push(`${file}#${anchor}`);
    }
    const spec = sourceFiles()
      .filter((path) => /^spec\/\d\d_.*\.md$/.test(path))
      .map(read)
      .join('\n');
    for (const [rule] of page.matchAll(/\b[A-Z]{3,4}-\d+\b/g)) {
      if (!spec.includes(`[${rule}]`)) missing.push(rule);
    }
    assert.deepEqual(missing, []);
  });
});
