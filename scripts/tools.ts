// Tools that do not come from npm, kept in .cache/ and installed from the package registries on first use.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

const PYTHON = resolve('.cache/venv/bin/python');
// grpcio-tools is the oldest gRPC that the Python SDK supports: generated code refuses older run times.
const PYTHON_PACKAGES = ['grpcio-tools==1.66.2', 'mypy-protobuf==3.6.0'];
const GO_GENERATORS = [
  'google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12',
  'google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2',
];
const GO_CHECKERS = [
  'honnef.co/go/tools/cmd/staticcheck@v0.8.2',
  // The outside check of reflection, run by test/grpc.
  'github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3',
];

/** Runs a command with its output shown; ends the script with its exit code when it fails. */
export function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): void {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', ...options });
  if (error) console.error(`${command}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

/** Makes the generators' virtual environment if it is not there, and returns its interpreter. */
export function pythonTools(): string {
  if (!existsSync('.cache/venv/bin/protoc-gen-mypy_grpc')) {
    run('python3', ['-m', 'venv', '.cache/venv']);
    run(PYTHON, ['-m', 'pip', 'install', '-q', ...PYTHON_PACKAGES]);
  }
  return PYTHON;
}

/** Installs the Go generators into .cache/go if they are not there. */
export const goGenerators = () => goTools(GO_GENERATORS);

/** Installs the Go checkers likewise. */
export const goCheckers = () => goTools(GO_CHECKERS);

function goTools(tools: readonly string[]): void {
  const folder = resolve('.cache/go');
  for (const tool of tools) {
    const name = /([^/]+)@/.exec(tool)?.[1] ?? '';
    if (!existsSync(`${folder}/${name}`)) run('go', ['install', tool], { env: { ...process.env, GOBIN: folder } });
  }
}

const SDK_VENV = resolve('.cache/venv-sdk');

/** Makes the Python SDK's virtual environment (editable install with its `dev` extra) if it is not there or its manifest changed; returns its interpreter. */
export function pythonSdk(): string {
  const interpreter = `${SDK_VENV}/bin/python`;
  const stamp = `${SDK_VENV}/installed`;
  const manifest = readFileSync('sdks/python/pyproject.toml', 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === manifest) return interpreter;
  if (!existsSync(interpreter)) run('python3', ['-m', 'venv', SDK_VENV]);
  run(interpreter, ['-m', 'pip', 'install', '-q', '-e', 'sdks/python[dev]']);
  writeFileSync(stamp, manifest);
  return interpreter;
}
