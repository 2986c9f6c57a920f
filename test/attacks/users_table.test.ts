// Signing in with the passwords of another program's table, through the whole server.
import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hash } from '@node-rs/bcrypt';
import Libsql from 'libsql';
import { IdentifierType } from '../../server/src/contract/gen/trust/v1/identity.ts';
import { RpcCaller } from '../support/rpc_caller.ts';
import { type ServerProcess, startServer } from '../support/server_process.ts';

const PASSWORD = 'canary-violet-otter';
const ada = { identifierType: IdentifierType.EMAIL, identifier: 'ada@example.com', password: PASSWORD };

describe('attack: a users table of another program', function () {
  this.timeout(90_000);
  let folder: string;
  let path: string;
  let server: ServerProcess;
  let rpc: RpcCaller;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'trust-layer-'));
    path = join(folder, 'people.db');
    const file = new Libsql(path);
    file.exec('create table people (nr integer primary key, mail text, pw text, full_name text, groups text)');
    file
      .prepare('insert into people values (1, ?, ?, ?, ?)')
      .run('Ada@example.com', await hash(PASSWORD, 6), 'Ada', 'admin');
    file
      .prepare('insert into people values (2, ?, ?, ?, ?)')
      .run('costly@example.com', `$2b$31$${'a'.repeat(53)}`, '', '');
    file.close();
    server = await startServer({
      env: {
        TRUST_USERS_DATABASE_URL: `file:${path}`,
        TRUST_USERS_TABLE: 'people',
        TRUST_USERS_COLUMNS: 'id=nr,identifier=mail,password=pw,name=full_name,roles=groups',
        TRUST_USERS_HASH: 'bcrypt',
      },
    });
    rpc = new RpcCaller(server.grpcAddress, server.serviceKey);
  });
  after(async () => {
    rpc?.close();
    await server?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const refused = async (more: Partial<typeof ada>) =>
    (await rpc.refused('PasswordService', 'signInWithPassword', { ...ada, ...more })).reason;

  it('UST-1 UST-3 its people sign in; strangers, squatters and lookalikes do not', async () => {
    const squat = await rpc.refused('PasswordService', 'signUpWithPassword', {
      ...ada,
      password: 'a-squatters-own-phrase',
    });
    assert.equal(squat.reason, 'CREDENTIAL_REJECTED');
    const { sessionId, session } = await rpc.ok('PasswordService', 'signInWithPassword', ada);
    const { verdict } = await rpc.ok('SessionService', 'verify', { sessionId });
    assert.ok(verdict?.answer?.$case === 'active');
    assert.deepEqual(verdict.answer.value.identity?.roles, ['admin']);
    const again = await rpc.ok('PasswordService', 'signInWithPassword', { ...ada, identifier: 'ADA@example.com' });
    assert.equal(again.session?.identityId, session?.identityId);
    for (const more of [
      { password: 'a-squatters-own-phrase' },
      { password: `${PASSWORD} ` },
      { identifier: 'nobody@example.com' },
      { identifier: "x' or 1=1 --@example.com" },
      { identifier: 'a%@example.com' },
    ])
      assert.equal(await refused(more), 'CREDENTIAL_REJECTED');
  });

  it('UST-5 a hash that would take days is refused as any other', async () => {
    assert.equal(await refused({ identifier: 'costly@example.com' }), 'CREDENTIAL_REJECTED');
  });

  it('UST-7 while the table is away nobody is told that a password is wrong, and sessions go on', async () => {
    const { sessionId } = await rpc.ok('PasswordService', 'signInWithPassword', ada);
    const file = new Libsql(path);
    file.exec('alter table people rename to gone');
    assert.equal(await refused({}), 'DATABASE_UNAVAILABLE');
    assert.equal(await refused({ identifier: 'nobody@example.com' }), 'DATABASE_UNAVAILABLE');
    assert.equal((await rpc.ok('SessionService', 'verify', { sessionId })).verdict?.answer?.$case, 'active');
    file.exec('alter table gone rename to people');
    file.close();
    await rpc.ok('PasswordService', 'signInWithPassword', ada);
  });

  it('no password, hash or address of the table is in the log', () => {
    assert.doesNotMatch(server.output(), /canary|\$2b\$|ada@example/i);
  });

  it('UST-2 in mode move the table is not needed any more after the first sign-in', async () => {
    await server.stop();
    const env = {
      TRUST_USERS_DATABASE_URL: `file:${path}`,
      TRUST_USERS_TABLE: 'people',
      TRUST_USERS_COLUMNS: 'id=nr,identifier=mail,password=pw,name=full_name,roles=groups',
      TRUST_USERS_HASH: 'bcrypt',
      TRUST_USERS_MODE: 'move',
    };
    const moving = await startServer({ env });
    const caller = new RpcCaller(moving.grpcAddress, moving.serviceKey);
    try {
      const first = await caller.ok('PasswordService', 'signInWithPassword', ada);
      renameSync(path, `${path}.gone`);
      const file = new Libsql(path);
      file.exec('create table people (nr integer, mail text, pw text, full_name text, groups text)');
      file.close();
      const second = await caller.ok('PasswordService', 'signInWithPassword', ada);
      assert.equal(second.session?.identityId, first.session?.identityId);
    } finally {
      caller.close();
      await moving.remove();
    }
  });
});
