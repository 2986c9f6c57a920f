// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the scenarios' own way to name a variable
// What no scenario can say: how the server behaves over a restart, asked through the probe of the Node SDK.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ServerProcess, startServer } from '../support/server_process.ts';
import { play } from './play.ts';
import { ProbePool } from './probe.ts';
import { readScenario } from './scenario.ts';
import { findSdks } from './sdks.ts';

describe('restart', function () {
  this.timeout(60_000);
  let server: ServerProcess;
  let pool: ProbePool;

  before(async () => {
    const node = findSdks().find(({ name }) => name === 'node');
    assert.ok(node?.sdk, node?.missing);
    pool = new ProbePool(node.sdk);
    server = await startServer();
  });

  after(async () => {
    pool?.close();
    await server?.remove();
  });

  /** Plays steps that have variables from outside; gives the variable `kept`. */
  const run = async (steps: string): Promise<unknown> => {
    const text = `cases: [{ name: restart, rules: [SES-5], steps: [${steps}] }]`;
    const [one] = readScenario('restart', text);
    assert.ok(one);
    return (await play(one, pool, server)).get('kept');
  };

  it('a session that was ended stays ended, and one that was not goes on, after kill -9 (SES-5)', async () => {
    const ended = await run(
      '{ do: new_session, save: { kept: session_id } }, { do: verify, with: { session_id: "${kept}" }, expect: { active: true } }, ' +
        '{ do: revoke_session, with: { session_id: "${kept}" } }',
    );
    await server.kill9();
    await server.restart();
    await run(`{ do: verify, with: { session_id: '${ended}' }, expect: { active: false, reason: REVOKED } }`);
    const active = await run('{ do: new_session, save: { kept: session_id } }');
    await server.kill9();
    await server.restart();
    await run(`{ do: verify, with: { session_id: '${active}' }, expect: { active: true } }`);
  });

  it('a rotated session answers to its new secret only, after kill -9 (SES-6)', async () => {
    const old = await run('{ do: new_session, save: { kept: session_id } }');
    const renewed = await run(`{ do: rotate_session, with: { session_id: '${old}' }, save: { kept: session_id } }`);
    await server.kill9();
    await server.restart();
    await run(
      `{ do: verify, with: { session_id: '${old}' }, expect: { active: false } }, ` +
        `{ do: verify, with: { session_id: '${renewed}' }, expect: { active: true } }`,
    );
  });

  it('tokens signed before a restart verify after it (TOK-41)', async () => {
    const token = await run(
      '{ do: new_session }, { do: issue_trust_token, with: { session_id: "${session_id}", audience: dev }, save: { kept: trust_token } }',
    );
    await server.restart();
    await run(
      `{ do: verify_trust_token, with: { trust_token: '${token}' } }, { do: exchange_trust_token, with: { trust_token: '${token}', audience: orders } }`,
    );
  });

  it('a server with another master key does not start (TOK-41)', async () => {
    await server.stop();
    writeFileSync(join(server.dataDir, 'master-key'), randomBytes(32).toString('base64'));
    await assert.rejects(server.restart(), /ended before it was ready/);
    assert.match(server.output(), /master key|SIGNING_KEY_UNAVAILABLE\s*$/i);
  });
});
