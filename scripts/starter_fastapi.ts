// npm run starter:fastapi: sees that the starter's virtual environment is there and current, then runs the starter in it.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { run } from './tools.ts';

const VENV = '.cache/venv-starter';
const PYTHON = `${VENV}/bin/python`;
// Both are installed in place, so their code may change freely; what they depend on may not.
const PACKAGES = ['sdks/python', 'starters/fastapi'];

function prepare(): void {
  const wanted = PACKAGES.map((folder) => readFileSync(`${folder}/pyproject.toml`, 'utf8')).join('\n');
  const stamp = `${VENV}/installed`;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  const { status } = spawnSync('python3', ['-c', 'import sys, ensurepip; sys.exit(sys.version_info < (3, 10))']);
  if (status !== 0) {
    console.error(
      'The FastAPI starter needs python3, 3.10 or later, with venv (on Debian: apt-get install python3-venv).',
    );
    process.exit(1);
  }
  console.log(`Installing ${PACKAGES.join(' and ')} into ${VENV}. This takes a while, and only once.`);
  run('python3', ['-m', 'venv', '--clear', VENV]);
  run(PYTHON, [
    '-m',
    'pip',
    'install',
    '-q',
    '--disable-pip-version-check',
    ...PACKAGES.flatMap((path) => ['-e', path]),
  ]);
  writeFileSync(stamp, wanted);
}

prepare();
console.log(`Running ${PYTHON} -m trust_layer_starter`);
const child = spawn(PYTHON, ['-m', 'trust_layer_starter'], { stdio: 'inherit' });
// Ctrl-C reaches the starter too: this script outlives it, so that the prompt comes back when all has ended.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('exit', (code) => process.exit(code ?? 1));
