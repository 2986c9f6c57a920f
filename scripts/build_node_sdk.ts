// Builds sdks/node/dist, which the server, the starters and the tests import. Run as a script by `npm ci` (prepare).
import { rmSync } from 'node:fs';
import { run } from './tools.ts';

export function buildNodeSdk(): void {
  rmSync('sdks/node/dist', { recursive: true, force: true });
  run('npx', ['tsc', '-p', 'sdks/node/tsconfig.json']);
}

if (import.meta.main) buildNodeSdk();
