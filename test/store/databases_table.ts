// The table of databases at the end of a run: version found, tests passed, failed and skipped, and what was not asked of it and why.
import type { Suite } from 'mocha';
import { openStore } from '../../server/src/store/store.ts';
import type { TestDatabase } from './databases.ts';

type Row = { readonly database: TestDatabase; readonly suites: Suite[]; readonly notAsked: Map<string, string[]> };
const rows = new Map<string, Row>();

function rowOf(database: TestDatabase): Row {
  const row = rows.get(database.name) ?? { database, suites: [], notAsked: new Map() };
  rows.set(database.name, row);
  return row;
}

export function noteSuite(database: TestDatabase, suite: Suite): void {
  rowOf(database).suites.push(suite);
}

/** A test that is for others alone: its title, and why this database has no such case. */
export function noteNotAsked(database: TestDatabase, title: string, why: string): void {
  const { notAsked } = rowOf(database);
  notAsked.set(why, [...(notAsked.get(why) ?? []), title]);
}

async function versionOf({ absence, create }: TestDatabase): Promise<string> {
  if (absence !== undefined) return '-';
  try {
    const store = await openStore({ databaseUrl: await create() });
    await store.close();
    return store.database.version;
  } catch {
    return '?';
  }
}

// After all of a run, in whatever file it is.
after('the table of databases', async function () {
  this.timeout(60_000);
  const lines: string[][] = [];
  const notes: string[] = [];
  for (const { database, suites, notAsked } of rows.values()) {
    const counts = { passed: 0, failed: 0, pending: 0 };
    for (const suite of suites)
      suite.eachTest((test) => {
        if (test.state !== undefined) counts[test.state] += 1;
      });
    if (counts.passed + counts.failed + counts.pending === 0) continue;
    const { name, absence } = database;
    const { passed, failed, pending } = counts;
    lines.push([name, await versionOf(database), `${passed}`, `${failed}`, `${pending}`]);
    if (absence !== undefined) notes.push(`${name} is skipped: ${absence}`);
    for (const [why, titles] of notAsked) notes.push(`not asked of ${name}, ${why}: ${titles.join('; ')}`);
  }
  if (lines.length === 0) return;
  const all = [['database', 'version', 'passed', 'failed', 'skipped'], ...lines];
  const widths = all[0]?.map((_, place) => Math.max(...all.map((row) => row[place]?.length ?? 0))) ?? [];
  const text = all.map((row) =>
    row
      .map((cell, place) => cell.padEnd(widths[place] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  console.log(`\n== databases\n${[...text, ...notes].join('\n')}\n`);
});
