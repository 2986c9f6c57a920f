// Writes the next migration of every dialect from the entities, without a database: node scripts/make_migration.ts NAME
// `schema.json` beside the migrations is what the tables look like after the last of them.
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Migrator, TSMigrationGenerator } from '@mikro-orm/migrations';
import { createOrm } from '../server/src/store/database.ts';
import { type OpenDialect, openDialect } from '../server/src/store/dialects/dialect.ts';
import { offlineMysql } from '../server/src/store/dialects/mysql.ts';
import { offlinePostgresql } from '../server/src/store/dialects/postgresql.ts';

const HOME = join(import.meta.dirname, '../server/src/store/migrations');
const offline = () =>
  Promise.all([
    openDialect(`file:${join(tmpdir(), 'make_migration.db')}`, () => {}),
    offlinePostgresql(),
    offlineMysql(),
  ]);

type Diff = { readonly up: string[]; readonly down: string[] };

/** Writes a migration as this house does: a default export, and no way down (a release is taken back by restoring a backup). */
class Generator extends TSMigrationGenerator {
  override generateMigrationFile(_className: string, diff: Diff): string {
    const statements = diff.up.filter((sql) => sql !== '' && !sql.startsWith('set names'));
    const lines = statements.map((sql) => `    this.addSql('${sql.replaceAll(/['\\]/g, '\\$&')}');`);
    return `import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
${lines.join('\n')}
  }
}
`;
  }
}

function writeList(folder: string, dialect: string): void {
  const names = readdirSync(folder).filter((file) => /^\d{4}_.*\.ts$/.test(file));
  const rows = names.sort().map((file) => `  { name: '${file.slice(0, -3)}', load: () => import('./${file}') },`);
  const text = `import type { MigrationEntry } from '../migration_entry.ts';

/** Every migration of this database, in order. Made by scripts/make_migration.ts. */
export const ${dialect.toUpperCase()}_MIGRATIONS: readonly MigrationEntry[] = [
${rows.join('\n')}
];
`;
  writeFileSync(join(folder, 'all.ts'), text);
}

async function makeMigration(open: OpenDialect, name: string): Promise<void> {
  const folder = join(HOME, open.dialect.folder);
  const snapshot = join(folder, 'schema.json');
  mkdirSync(folder, { recursive: true });
  if (!existsSync(snapshot)) writeFileSync(snapshot, '{"tables":[],"namespaces":[]}');
  const number = readdirSync(folder).filter((file) => /^\d{4}_/.test(file)).length + 1;
  const fileName = `${String(number).padStart(4, '0')}_${name}`;
  const orm = createOrm(open);
  orm.config.set('migrations', {
    ...orm.config.get('migrations'),
    path: folder,
    pathTs: folder,
    snapshotName: 'schema',
    emit: 'ts',
    generator: Generator,
    fileName: () => fileName,
    disableForeignKeys: false,
  });
  const made = await new Migrator(orm.em).create(folder, false, false, name);
  writeList(folder, open.dialect.folder);
  console.log(`${open.dialect.folder}: ${made.fileName === '' ? 'nothing to do' : made.fileName}`);
}

const [name = ''] = parseArgs({ allowPositionals: true }).positionals;
if (!/^[a-z][a-z0-9_]*$/.test(name)) {
  console.error('Usage: node scripts/make_migration.ts NAME (snake_case: what the migration does)');
  process.exit(2);
}
for (const open of await offline()) await makeMigration(open, name);
rmSync(join(tmpdir(), 'make_migration.db'), { force: true });
