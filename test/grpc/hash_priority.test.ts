import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { type ServerProcess, startServer } from '../support/server_process.ts';

describe('priority of password hashes', () => {
  let server: ServerProcess | undefined;
  afterEach(() => server?.remove());

  it('has the threads that hash wait for the event loop, and no other thread', async function () {
    // A priority is one thread's on Linux alone.
    if (process.platform !== 'linux') return this.skip();
    this.timeout(60_000);
    server = await startServer();
    const tasks = `/proc/${server.pid()}/task`;
    const threads = readdirSync(tasks).map((id) => {
      return {
        name: readFileSync(`${tasks}/${id}/comm`, 'utf8').trim(),
        behind: getPriority(Number(id)) - getPriority(),
      };
    });
    const hashing = threads.filter(({ name }) => name === 'libuv-worker');
    assert.ok(hashing.length > 0);
    for (const { name, behind } of threads) assert.equal(behind > 0, name === 'libuv-worker', name);
  });
});
