// The probes of the three SDKs, and what has to be there before they can run.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pythonSdk } from '../../scripts/tools.ts';
import type { Sdk } from './probe.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const GO_PROBE = join(ROOT, '.cache/conformance/go_probe');

/** An SDK that is ready, or why it is not. */
export interface Candidate {
  readonly name: string;
  readonly sdk?: Sdk;
  readonly missing?: string;
}

export function findSdks(): Candidate[] {
  return [node(), python('python', []), python('python_aio', ['--aio']), go()];
}

function node(): Candidate {
  const main = join(ROOT, 'sdks/node/probe/main.ts');
  if (!existsSync(main)) return { name: 'node', missing: 'sdks/node/probe/main.ts is not there' };
  return { name: 'node', sdk: { name: 'node', command: process.execPath, args: [main] } };
}

function python(name: string, more: readonly string[]): Candidate {
  const interpreter = pythonInterpreter();
  if (!interpreter)
    return { name, missing: 'no python3 that can be made ready; TRUST_TEST_PYTHON names an interpreter' };
  const args = ['-m', 'trust_layer.probe', ...more];
  return { name, sdk: { name, command: interpreter, args, env: { PYTHONPATH: join(ROOT, 'sdks/python/src') } } };
}

/** The interpreter that is asked for, or that of the SDK's own environment, which is made where Python is there. */
function pythonInterpreter(): string | undefined {
  const { TRUST_TEST_PYTHON: chosen } = process.env;
  if (chosen !== undefined) return chosen;
  return spawnSync('python3', ['--version']).status === 0 ? resolve(ROOT, pythonSdk()) : undefined;
}

function go(): Candidate {
  const cwd = join(ROOT, 'sdks/go');
  if (!existsSync(join(cwd, 'cmd/probe'))) return { name: 'go', missing: 'sdks/go/cmd/probe is not there' };
  const built = spawnSync('go', ['build', '-o', GO_PROBE, './cmd/probe'], { cwd, encoding: 'utf8' });
  if (built.error) return { name: 'go', missing: `go: ${built.error.message}` };
  if (built.status !== 0) return { name: 'go', missing: `go build failed: ${built.stderr.slice(0, 2_000)}` };
  return { name: 'go', sdk: { name: 'go', command: GO_PROBE, args: [] } };
}
