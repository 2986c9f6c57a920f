// npm run check: lint, format and types in all three languages, the contract, and that generated code is current.
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { buildNodeSdk } from './build_node_sdk.ts';
import { goCheckers, pythonSdk, run } from './tools.ts';

const step = (name: string) => console.log(`\n== ${name}`);
const BIOME = ['biome', 'check', '--error-on-warnings'];

step('generated code is current');
const before = generated();
run('npm', ['run', '--silent', 'gen']);
if (generated() !== before) {
  console.error('Generated code was not current; `npm run gen` has just made it so. Commit the difference.');
  process.exit(1);
}

step('contract');
run('npx', ['buf', 'lint']);
run('npx', ['buf', 'format', '-d', '--exit-code']);
if (hasMain()) run('npx', ['buf', 'breaking', '--against', '.git#branch=main']);

step('TypeScript');
buildNodeSdk();
run('npx', BIOME);
run('npx', ['tsc', '-p', 'tsconfig.json']);

step('Node package');
run('npm', ['run', '--silent', 'check:package', '-w', 'sdks/node']);

step('Python');
const python = pythonSdk();
for (const args of [
  ['ruff', 'check', '.'],
  ['ruff', 'format', '--check', '.'],
  ['mypy', '--strict', 'src', 'tests'],
]) {
  run(python, ['-m', ...args], { cwd: 'sdks/python' });
}

step('Go');
goCheckers();
const unformatted = spawnSync('gofmt', ['-l', 'sdks/go', 'starters/go'], { encoding: 'utf8' });
if (unformatted.status !== 0 || unformatted.stdout !== '') {
  console.error(`gofmt would change:\n${unformatted.stdout}${unformatted.stderr}`);
  process.exit(1);
}
run('go', ['vet', './...'], { cwd: 'sdks/go' });
run('go', ['vet', './...'], { cwd: 'starters/go' });
for (const cwd of ['sdks/go', 'starters/go']) run(resolve('.cache/go/staticcheck'), ['./...'], { cwd });
console.log('\nAll checks passed.');

/** What git sees of the generated folders: enough to tell whether generating changed anything. */
function generated(): string {
  const folders = [
    'server/src/contract/gen',
    'sdks/node/src/gen',
    'sdks/go/gen',
    'sdks/go/*_gen.go',
    'sdks/python/src/trust_layer/gen',
    'proto',
  ];
  const { stdout } = spawnSync('git', ['ls-files', '-co', '--exclude-standard', '--', ...folders], {
    encoding: 'utf8',
  });
  const { stdout: hashes } = spawnSync('git', ['hash-object', '--stdin-paths'], { encoding: 'utf8', input: stdout });
  return stdout + hashes;
}

/** `buf breaking` compares with the branch main, which a fresh repository or a shallow clone may lack. */
function hasMain(): boolean {
  return spawnSync('git', ['rev-parse', '--verify', '--quiet', 'main:proto']).status === 0;
}
