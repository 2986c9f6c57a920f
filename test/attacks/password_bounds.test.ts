import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { ADA, type HttpWorld, httpWorld } from '../support/http_world.ts';
import { passwordWorld } from '../support/password_world.ts';
import { reason } from '../support/world.ts';

describe('attack: password bounds', () => {
  let world: HttpWorld;
  before(async () => {
    world = await httpWorld();
  });
  after(() => world.close());

  it('PWD-1 1 MB and 10 MB passwords cost no hash and no read, as a call or as a form', async () => {
    const calls = passwordWorld();
    for (const size of [1_000_000, 10_000_000]) {
      const attempt = { ...calls.attempt, password: 'x'.repeat(size) };
      const begun = performance.now();
      await assert.rejects(calls.authenticate(attempt), reason('INVALID_FIELD', 'password'));
      await assert.rejects(calls.register(attempt), reason('INVALID_FIELD', 'password'));
      assert.deepEqual([calls.work, calls.stores.calls], [[], []]);
      assert.ok(performance.now() - begun < 5_000);

      const { cookie, fields } = await world.open();
      const typed = { ...fields, ...ADA, password: 'x'.repeat(size) };
      // The server answers before it read all of it and ends the connection, which a client may see as a reset.
      const answer = await world.post('/sign-in', typed, { cookie }).catch((error: NodeJS.ErrnoException) => error);
      if (answer instanceof Error) assert.match(answer.code ?? '', /ECONNRESET|EPIPE/);
      else assert.equal(answer.status, 413);
      assert.equal((await world.send('GET', '/healthz')).status, 200);
    }
    assert.deepEqual(world.stores.calls, []);
  });

  it('PWD-1 1,024 bytes pass whole and 1,025 are refused, through the form, in bytes and not in characters', async () => {
    const digests = Array.from({ length: 24 }, (_, n) => createHash('sha256').update(`${n}`).digest('base64'));
    const whole = `ß${digests.join('')}`.slice(0, 1_022).concat('E');
    assert.equal(Buffer.byteLength(whole), 1_024);
    assert.equal((await world.submit('/sign-up', { ...ADA, password: whole })).status, 303);
    assert.equal((await world.submit('/sign-in', { ...ADA, password: `${whole}x` })).status, 422);
    for (const twin of [whole.slice(0, -1), whole.slice(0, 72), `${whole.slice(0, -1)}e`, whole.toLowerCase()]) {
      assert.equal((await world.submit('/sign-in', { ...ADA, password: twin })).status, 422);
    }
    assert.equal((await world.submit('/sign-in', { ...ADA, password: whole })).status, 303);
  });

  it('PWD-1 passwords that become one another by trimming, folding, normal form or lost bytes stay different', async () => {
    const twins = [
      ' spaced otter 42',
      'spaced otter 42',
      'spaced otter 42 ',
      'nul\0otter 42',
      'nul',
      'caf\u00e9 otter 42',
      'cafe\u0301 otter 42',
    ];
    for (const [index, password] of twins.entries()) {
      if (password.length < 8) continue;
      const identifier = `twin${index}@example.com`;
      assert.equal((await world.submit('/sign-up', { identifier, password })).status, 303, JSON.stringify(password));
      for (const other of twins.filter((twin) => twin !== password)) {
        assert.equal(
          (await world.submit('/sign-in', { identifier, password: other })).status,
          422,
          JSON.stringify(other),
        );
      }
    }
  }).timeout(30_000);

  it('PWD-1 bytes that are no UTF-8 are refused, not turned into replacement characters that match', async () => {
    await world.submit('/sign-up', { identifier: 'bytes@example.com', password: 'otter-\ufffd-battery' });
    const { cookie, fields } = await world.open();
    const start = new URLSearchParams({ ...fields, identifier: 'bytes@example.com' }).toString();
    for (const raw of ['otter-%ff-battery', 'otter-%c0%80-battery', 'otter-%ed%a0%80-battery']) {
      const answer = await world.post('/sign-in', {}, { cookie, body: `${start}&password=${raw}` });
      assert.equal(answer.status, 400, raw);
    }
  });

  it('PWD-4 a flood of sign-ins is answered, by a decision or by HASHING_BUSY, and the pages stay up', async () => {
    const small = await httpWorld({ hashQueue: 4 });
    try {
      const { cookie, fields } = await small.open();
      const flood = Array.from({ length: 40 }, () => small.post('/sign-in', { ...fields, ...ADA }, { cookie }));
      const health = await small.send('GET', '/healthz');
      assert.equal(health.status, 200);
      const statuses = (await Promise.all(flood)).map(({ status }) => status);
      assert.ok(
        statuses.every((status) => status === 422 || status === 503),
        statuses.join(' '),
      );
      assert.ok(statuses.includes(422) && statuses.includes(503));
    } finally {
      await small.close();
    }
  });
});
