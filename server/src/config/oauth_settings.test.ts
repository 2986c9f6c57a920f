import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { ConfigError, readConfig } from './config.ts';
import { configText, describeConfig } from './describe.ts';

const pemOf = (curve: string) =>
  generateKeyPairSync('ec', { namedCurve: curve }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const FILES: Readonly<Record<string, string>> = {
  '/secret': 'CANARY-file\n',
  '/spaced': 'a b',
  '/p256.p8': pemOf('P-256'),
  '/p384.p8': pemOf('P-384'),
};
const readFile = (path: string) => FILES[path] ?? assert.fail(Object.assign(new Error('no file'), { code: 'ENOENT' }));
const read = (env: Record<string, string>) =>
  readConfig(Object.fromEntries(Object.entries(env).map(([key, value]) => [`TRUST_OAUTH_${key}`, value])), {
    dev: true,
    readFile,
  });
const problems = (env: Record<string, string>): readonly string[] => {
  try {
    read(env);
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems;
  }
};
const GOOGLE = { PROVIDERS: 'google', GOOGLE_CLIENT_ID: 'id', GOOGLE_CLIENT_SECRET: 'CANARY' };
const ACME = { PROVIDERS: 'acme', ACME_CLIENT_ID: 'id', ACME_ISSUER: 'https://idp.example/realms/x' };

describe('settings of providers', () => {
  it('a preset needs an id and a secret; the order is that of the list', () => {
    assert.deepEqual(read({}).oauth, []);
    const { oauth } = read({ ...GOOGLE, ...ACME, PROVIDERS: 'acme, google' });
    assert.deepEqual(
      oauth.map(({ name, label, preset, issuer }) => [name, label, preset, issuer]),
      [
        ['acme', 'Acme', 'oidc', 'https://idp.example/realms/x'],
        ['google', 'Google', 'google', 'https://accounts.google.com'],
      ],
    );
    assert.deepEqual(
      [oauth[1]?.clientSecret, oauth[1]?.scopes, oauth[1]?.keepTokens, oauth[0]?.clientSecret, oauth[0]?.tenants],
      ['CANARY', 'openid email profile', false, undefined, ['default']],
    );
  });

  it('a secret may stand in a file, a name may have another preset, a label and scopes of its own', () => {
    const { oauth } = read({
      PROVIDERS: 'work',
      WORK_PRESET: 'gitlab',
      WORK_ISSUER: 'https://git.example',
      WORK_CLIENT_ID: 'id',
      WORK_CLIENT_SECRET_FILE: '/secret',
      WORK_LABEL: 'Work',
      WORK_SCOPES: 'openid',
      WORK_KEEP_TOKENS: 'on',
      WORK_FOR_TENANTS: 'default,acme',
    });
    assert.deepEqual(oauth, [
      {
        name: 'work',
        preset: 'gitlab',
        label: 'Work',
        clientId: 'id',
        clientSecret: 'CANARY-file',
        clientKey: undefined,
        issuer: 'https://git.example',
        scopes: 'openid',
        keepTokens: true,
        tenants: ['default', 'acme'],
      },
    ]);
    const microsoft = { PROVIDERS: 'microsoft', MICROSOFT_CLIENT_ID: 'id', MICROSOFT_CLIENT_SECRET: 's' };
    assert.equal(read(microsoft).oauth[0]?.issuer, 'https://login.microsoftonline.com/common/v2.0');
    const contoso = read({ ...microsoft, MICROSOFT_TENANT: 'contoso.example' });
    assert.equal(contoso.oauth[0]?.issuer, 'https://login.microsoftonline.com/contoso.example/v2.0');
  });

  it('Apple needs a team, a key id and a key on P-256, and no secret', () => {
    const apple = { PROVIDERS: 'apple', APPLE_CLIENT_ID: 'id', APPLE_TEAM_ID: 'T', APPLE_KEY_ID: 'K' };
    assert.equal(read({ ...apple, APPLE_PRIVATE_KEY_FILE: '/p256.p8' }).oauth[0]?.clientKey?.keyId, 'K');
    assert.match(problems(apple).join(), /TRUST_OAUTH_APPLE_PRIVATE_KEY_FILE must be set/);
    assert.match(
      problems({ ...apple, APPLE_PRIVATE_KEY_FILE: '/p384.p8' }).join(),
      /must be a PEM private key on P-256/,
    );
    assert.match(
      problems({ ...apple, APPLE_CLIENT_SECRET: 'x', APPLE_PRIVATE_KEY_FILE: '/p256.p8' }).join(),
      /APPLE_CLIENT_SECRET is not for apple/,
    );
  });

  for (const [env, expected] of [
    [{ PROVIDERS: 'Google' }, /TRUST_OAUTH_PROVIDERS must be names of a-z 0-9/],
    [{ PROVIDERS: 'google,google' }, /TRUST_OAUTH_PROVIDERS must name no provider twice/],
    [{ PROVIDERS: Array.from({ length: 17 }, (_, n) => `p${n}`).join() }, /TRUST_OAUTH_PROVIDERS must name at most 16/],
    [{ PROVIDERS: 'google' }, /TRUST_OAUTH_GOOGLE_CLIENT_ID must be set, since TRUST_OAUTH_PROVIDERS lists google/],
    [
      { ...GOOGLE, GOOGLE_CLIENT_SECRET: '' },
      /TRUST_OAUTH_GOOGLE_CLIENT_SECRET or TRUST_OAUTH_GOOGLE_CLIENT_SECRET_FILE must be set/,
    ],
    [{ ...GOOGLE, GOOGLE_CLIENT_SECRET_FILE: '/secret' }, /must not both be set/],
    [{ ...GOOGLE, GOOGLE_CLIENT_SECRET: 'a b' }, /TRUST_OAUTH_GOOGLE_CLIENT_SECRET must be 1 to 1024 visible/],
    [{ ...ACME, ACME_CLIENT_SECRET_FILE: '/spaced' }, /ACME_CLIENT_SECRET_FILE: the file must hold 1 to 1024/],
    [
      { ...ACME, ACME_CLIENT_SECRET_FILE: '/nowhere' },
      /ACME_CLIENT_SECRET_FILE names a file that cannot be read \(ENOENT\)/,
    ],
    [{ ...GOOGLE, GOOGLE_ISSUER: 'https://x.example' }, /TRUST_OAUTH_GOOGLE_ISSUER is not for the preset google/],
    [{ ...GOOGLE, GOOGLE_TENANT: 'x' }, /TRUST_OAUTH_GOOGLE_TENANT is for the preset microsoft only/],
    [{ ...GOOGLE, GOOGLE_TEAM_ID: 'x' }, /TRUST_OAUTH_GOOGLE_TEAM_ID is for the preset apple only/],
    [{ ...GOOGLE, GOOGLE_PRESET: 'gogle' }, /TRUST_OAUTH_GOOGLE_PRESET must be one of oidc, google/],
    [{ ...GOOGLE, GOOGLE_KEEP_TOKENS: 'yes' }, /TRUST_OAUTH_GOOGLE_KEEP_TOKENS must be on or off/],
    [
      { ...GOOGLE, GOOGLE_CLIENT_IDS: 'x' },
      /TRUST_OAUTH_GOOGLE_CLIENT_IDS is not a setting \(did you mean TRUST_OAUTH_GOOGLE_CLIENT_ID\?\)/,
    ],
    [
      { GOOGLE_CLIENT_ID: 'x' },
      /TRUST_OAUTH_GOOGLE_CLIENT_ID is of a provider that TRUST_OAUTH_PROVIDERS does not list \(google\)/,
    ],
    [{ ...ACME, ACME_ISSUER: '' }, /TRUST_OAUTH_ACME_ISSUER must be set for a provider without a preset/],
    ...['http://idp.example', 'https://u:p@idp.example', 'https://idp.example?a=b', 'ftp://127.0.0.1', 'idp'].map(
      (issuer) => [{ ...ACME, ACME_ISSUER: issuer }, /TRUST_OAUTH_ACME_ISSUER must be an https URL/] as const,
    ),
  ] as const) {
    it(`names the setting: ${String(expected).slice(1, 90)} (${JSON.stringify(env).slice(0, 60)})`, () => {
      const found = problems(env as Record<string, string>);
      assert.match(found.join('\n'), expected);
      assert.doesNotMatch(found.join('\n'), /CANARY|u:p/);
    });
  }

  it('OAU-4 an issuer in the clear is one of this machine', () => {
    for (const issuer of ['http://127.0.0.1:4000', 'http://localhost:4000/x', 'http://[::1]:4000']) {
      assert.deepEqual(problems({ ...ACME, ACME_ISSUER: issuer }), []);
    }
  });

  it('trust-layer config shows them, and no secret', () => {
    const env = Object.fromEntries(Object.entries(GOOGLE).map(([key, value]) => [`TRUST_OAUTH_${key}`, value]));
    const text = configText(describeConfig(env, readConfig(env, { dev: true })));
    assert.match(text, /TRUST_OAUTH_PROVIDERS=google\n/);
    assert.match(text, /TRUST_OAUTH_GOOGLE_CLIENT_ID=id\n/);
    assert.match(text, /TRUST_OAUTH_GOOGLE_CLIENT_SECRET=set\n/);
    assert.doesNotMatch(text, /CANARY/);
  });
});
