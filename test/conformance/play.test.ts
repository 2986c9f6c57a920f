// The runner itself: that it passes what is right, and that it fails what is wrong.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { examine, isFailed, judge, type Outcome, table } from './exam.ts';
import { play, type Target } from './play.ts';
import { ProbePool } from './probe.ts';
import { loadScenarios, readScenario } from './scenario.ts';

// Answers `echo` with what it is given, `count` with the number of its calls since `configure`, `fail` with that error.
const FAKE = `
import { createInterface } from 'node:readline';
let calls = 0;
let settings = {};
const answers = {
  configure: (given) => { calls = 0; settings = given; return { ok: {} }; },
  settings: () => ({ ok: settings }),
  echo: (given) => ({ ok: given }),
  count: () => ({ ok: { calls: ++calls } }),
  fail: (given) => ({ error: given }),
  put_service: (given) => ({ ok: { service: given } }),
  create_service_key: (given) => ({ ok: { service_key: 'tlk_' + given.service, key: { id: 'k1' } } }),
};
createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, do: action, with: given } = JSON.parse(line);
  if (action === 'die') process.exit(3);
  if (action === 'babble') return console.log('hello');
  console.log(JSON.stringify({ id, ...answers[action](given) }));
});
`;

const TARGET: Target = { grpcAddress: '127.0.0.1:1', publicUrl: 'http://127.0.0.1:2', serviceKey: 'tlk_admin' };

describe('conformance runner', () => {
  let folder: string;
  let pool: ProbePool;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'trust-layer-probe-'));
    const file = join(folder, 'probe.mjs');
    writeFileSync(file, FAKE);
    pool = new ProbePool({ name: 'fake', command: process.execPath, args: [file] });
  });

  after(() => {
    pool.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const run = (steps: string) => {
    const [one] = readScenario('fake', `cases: [{ name: one, rules: [SES-1], ${steps} }]`);
    assert.ok(one);
    return play(one, pool, TARGET);
  };

  it('passes what is as expected, and hands values on', async () => {
    await run(`steps: [
      { do: echo, with: { a: { b: [1, x] } }, expect: { a: { b: [1, x] } }, save: { b: 'a.b[1]' } },
      { do: echo, with: { c: '\${b}' }, expect: { c: x } },
      { do: count, times: 3 },
      { do: count, expect: { calls: 4 } },
      { do: count, expect: { calls: { $above: 6 } }, eventually: 5 },
    ]`);
  });

  it('fails what is not, and says which step', async () => {
    await assert.rejects(
      run('steps: [{ do: echo }, { do: echo, with: { a: 1 }, expect: { a: 2 } }]'),
      /step 2 \(echo as admin\):\n {2}\$\.a: expected 2, got 1/,
    );
    await assert.rejects(run('steps: [{ do: echo, save: { x: a.b } }]'), /no a\.b to save/);
    await assert.rejects(run('steps: [{ do: count, expect: { calls: 99 }, eventually: 0.3 }]'), /expected 99/);
  });

  it('compares errors by reason, code of the table, and fields', async () => {
    const failing = (error: string, expected: string) =>
      run(`steps: [{ do: fail, with: ${error}, error: ${expected} }]`);
    await failing('{ reason: SCOPE_MISSING, code: PERMISSION_DENIED }', 'SCOPE_MISSING');
    await failing(
      '{ reason: INVALID_FIELD, code: INVALID_ARGUMENT, fields: [b, a] }',
      '{ reason: INVALID_FIELD, fields: [a, b] }',
    );
    await failing('{ reason: TRUST_TOKEN_REJECTED, code: TOKEN_SIZE }', '{ code: TOKEN_SIZE }');
    await assert.rejects(
      failing('{ reason: SCOPE_MISSING, code: UNKNOWN }', 'SCOPE_MISSING'),
      /got SCOPE_MISSING \(UNKNOWN\)/,
    );
    await assert.rejects(
      failing('{ reason: INTERNAL, code: INTERNAL }', 'SCOPE_MISSING'),
      /expected the error SCOPE_MISSING/,
    );
    const wrongField = '{ reason: INVALID_FIELD, code: INVALID_ARGUMENT, fields: [b] }';
    await assert.rejects(
      failing(wrongField, '{ reason: INVALID_FIELD, fields: [a] }'),
      /fields\[0\]: expected "a", got "b"/,
    );
    await assert.rejects(
      run('steps: [{ do: echo, error: SCOPE_MISSING }]'),
      /expected the error SCOPE_MISSING \(PERMISSION_DENIED\), got \{/,
    );
    await assert.rejects(
      run('steps: [{ do: fail, with: { reason: INTERNAL, code: INTERNAL } }]'),
      /expected an answer, got the error INTERNAL/,
    );
  });

  it('gives each actor a probe with its own key, and each case fresh ones', async () => {
    await run(`steps: [
      { do: settings, expect: { service_key: tlk_admin, address: '127.0.0.1:1', issuer: 'http://127.0.0.1:2', audience: dev } },
      { do: new_service, with: { actor: shop } },
      { do: settings, as: shop, expect: { service_key: 'tlk_\${shop}', audience: '\${shop}' } },
      { do: configure_actor, as: shop, with: { service_key: null, tenant_id: other } },
      { do: settings, as: shop, expect: { service_key: { $absent: true }, tenant_id: other, audience: '\${shop}' } },
      { do: settings, expect: { service_key: tlk_admin } },
    ]`);
    await run('steps: [{ do: settings, expect: { tenant_id: { $absent: true } } }]');
    await assert.rejects(run('steps: [{ do: echo, as: shop }]'), /nobody is called shop/);
  });

  it('does the last steps whatever happened, and tells the first failure', async () => {
    const last = "finally: [{ do: echo, with: { a: 1 }, expect: { a: 'last' } }]";
    await assert.rejects(run(`steps: [{ do: echo }], ${last}`), /finally \(echo/);
    await assert.rejects(run(`steps: [{ do: echo, expect: { a: first } }], ${last}`), /step 1 .*\n.*"first"/);
  });

  it('fails when a probe ends or babbles, and goes on with another', async () => {
    await assert.rejects(run('steps: [{ do: die }]'), /ended with 3/);
    await assert.rejects(run('steps: [{ do: babble }]'), /answers nothing: hello/);
    await run('steps: [{ do: echo }]');
  });

  it('refuses scenarios that it does not understand', () => {
    const bad = (text: string, message: RegExp) => assert.throws(() => readScenario('x', text), message);
    bad('cases: [{ name: a, rules: [SES-1], steps: [{ do: echo, exepct: {} }] }]', /unknown member exepct/);
    bad('cases: [{ name: a, rules: [SES], steps: [{ do: echo }] }]', /SES is not a rule/);
    bad('cases: [{ name: a, rules: [SES-1], steps: [] }]', /a list with something in it/);
    bad('cases: [{ name: a, rules: [SES-1], steps: [{ with: {} }] }]', /a step does nothing/);
    bad('cases: [{ name: a, rules: [SES-1], steps: [{ do: a, error: X, save: { a: b } }] }]', /cannot both/);
    const one = '{ name: a, rules: [SES-1], steps: [{ do: echo }] }';
    bad(`cases: [${one}, ${one}]`, /two cases have one name/);
  });

  it('has 60 scenarios and more, for every unary RPC of the contract', () => {
    const cases = loadScenarios();
    assert.ok(cases.length >= 60);
    const done = new Set(cases.flatMap(({ steps }) => steps.map((step) => step.do)));
    for (const rpc of UNARY) assert.ok(done.has(rpc), `no step does ${rpc}`);
  });

  it('excuses known failures, and only while they fail', async () => {
    const known = [{ sdk: 'fake', feature: 'f', name: 'n', why: 'later' }];
    const exam = (failure?: string) => ({
      feature: 'f',
      name: 'n',
      run: async () => {
        if (failure) throw new Error(failure);
      },
    });
    assert.equal(isFailed(await examine(exam('no'), 'fake', pool, TARGET, [])), true);
    assert.equal(isFailed(await examine(exam('no'), 'fake', pool, TARGET, known)), false);
    assert.equal(isFailed(await examine(exam('no'), 'other', pool, TARGET, known)), true);
    const passed = await examine(exam(), 'fake', pool, TARGET, known);
    assert.match(passed.failure ?? '', /take it off the list/);
    assert.equal(isFailed(passed), true);
  });

  it('prints a table', () => {
    const outcome = (sdk: string, name: string, failure?: string): Outcome =>
      judge({ sdk, feature: 'f', name, ...(failure && { failure }) }, [
        { sdk: 'b', feature: 'f', name: 'y', why: 'w' },
      ]);
    const text = table(
      [outcome('a', 'x'), outcome('a', 'y', 'no'), outcome('b', 'x'), outcome('b', 'y', 'no')],
      ['a', 'b', 'c'],
    );
    assert.equal(
      text,
      [
        'scenario  a             b            c',
        'f         1/2 1 FAILED  1/2 1 known  -',
        'all       1/2 1 FAILED  1/2 1 known  -',
      ].join('\n'),
    );
  });
});

const UNARY = [
  ...[
    'create_session',
    'verify',
    'batch_verify',
    'revoke_session',
    'revoke_identity_sessions',
    'list_sessions',
    'rotate_session',
  ],
  ...[
    'issue_trust_token',
    'exchange_trust_token',
    'get_trust_keys',
    'create_identity',
    'get_identity',
    'find_identity',
  ],
  ...['update_identity', 'disable_identity', 'enable_identity', 'delete_identity', 'list_identities', 'add_identifier'],
  ...['remove_identifier', 'sign_up_with_password', 'sign_in_with_password', 'set_password', 'exchange_sign_in_code'],
  ...[
    'put_service',
    'list_services',
    'delete_service',
    'create_service_key',
    'rotate_service_key',
    'revoke_service_key',
  ],
  ...[
    'list_service_keys',
    'list_signing_keys',
    'rotate_signing_key',
    'retire_signing_key',
    'get_tenant',
    'update_tenant',
  ],
  'list_audit_events',
];
