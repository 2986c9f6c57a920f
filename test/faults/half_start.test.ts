// A server that cannot open both of its doors ends with an error, so that whoever watches over it starts it again; half of one would serve on without its schedule.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needsPostgres } from '../support/needs.ts';
import { postgresServer } from '../support/postgres.ts';
import { freePort } from '../support/server_process.ts';

const PATIENCE = 20_000;

describe('fault: half a start', function () {
  this.timeout(60_000);
  let folder: string;
  let taken: Server;
  let place: string;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'trust-layer-'));
    taken = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const address = taken.address();
    place = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  });
  afterEach(() => {
    taken.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Exit code and what was said; a server that still runs after a while is killed and gives null. */
  async function started(env: Readonly<Record<string, string>>): Promise<{ code: number | null; output: string }> {
    const free = {
      TRUST_GRPC_ADDRESS: `127.0.0.1:${await freePort()}`,
      TRUST_HTTP_ADDRESS: `127.0.0.1:${await freePort()}`,
    };
    const { PATH = '', HOME = '' } = process.env;
    const child = spawn(process.execPath, ['server/bin/trust_layer.mjs', 'serve', '--dev'], {
      env: { PATH, HOME, TRUST_DATA_DIR: folder, ...free, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
    const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
    clearTimeout(late);
    return { code, output };
  }

  for (const door of ['TRUST_HTTP_ADDRESS', 'TRUST_GRPC_ADDRESS']) {
    it(`${door} is taken: exit code 1, and a sentence`, async () => {
      const { code, output } = await started({ [door]: place });
      assert.equal(code, 1);
      assert.match(output, /is in use by another process/);
    });

    it(`${door} is taken, on PostgreSQL, whose connections would keep it alive`, async function () {
      needsPostgres(this);
      const DATABASE_URL = await (await postgresServer()).createDatabase();
      const { code, output } = await started({ [door]: place, DATABASE_URL });
      assert.equal(code, 1);
      assert.match(output, /is in use by another process/);
    });
  }
});
