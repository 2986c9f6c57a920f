// node spec/vectors/generate.ts: writes the vectors that are made by program. The same input gives the same files.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { returnPaths } from './generator/return_paths.ts';
import { sessionIds } from './generator/session_ids.ts';
import { trustTokens } from './generator/trust_tokens.ts';

const files = {
  'trust_tokens.json': trustTokens(),
  'session_ids.json': sessionIds(),
  'return_paths.json': returnPaths(),
};

const paths: string[] = [];
for (const [name, content] of Object.entries(files)) {
  const path = fileURLToPath(new URL(name, import.meta.url));
  writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`);
  paths.push(path);
}
const { status } = spawnSync('npx', ['biome', 'format', '--write', ...paths], { stdio: 'inherit' });
process.exitCode = status ?? 1;
