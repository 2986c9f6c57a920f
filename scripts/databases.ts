// npm run databases: every test that is played on each database, and the table of them. `npm run databases -- mysql galera` plays those named.
import { spawnSync } from 'node:child_process';
import { buildNodeSdk } from './build_node_sdk.ts';

const NAMES = ['libsql', 'libsql_server', 'postgresql', 'mysql', 'mariadb', 'galera'];
const FILES = ['test/store/**/*.test.ts', 'test/databases/**/*.test.ts'];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !NAMES.includes(name));
if (unknown.length > 0) {
  console.error(`usage: npm run databases [-- NAME…]\nDatabases: ${NAMES.join(' ')}`);
  process.exit(2);
}
buildNodeSdk();
const only = ['--grep', ` on (${(wanted.length > 0 ? wanted : NAMES).join('|')}) `];
process.exit(spawnSync('npx', ['mocha', ...FILES, ...only], { stdio: 'inherit' }).status ?? 1);
