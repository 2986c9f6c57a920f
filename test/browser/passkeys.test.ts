import assert from 'node:assert/strict';
import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core';
import { launchBrowser } from '../support/browser.ts';
import { callbackApp } from '../support/callback_app.ts';
import { FLOW, VERIFIER } from '../support/http_world.ts';
import { RpcCaller } from '../support/rpc_caller.ts';
import { freePort, type ServerProcess, startServer } from '../support/server_process.ts';
import { totpCode } from '../support/totp_code.ts';

const PASSWORD = 'violet-otter-battery';

describe('second steps and passkeys in Chromium', function () {
  this.timeout(90_000);
  let browser: Browser | undefined;
  let server: ServerProcess;
  let rpc: RpcCaller;
  let app: Awaited<ReturnType<typeof callbackApp>>;
  let context: BrowserContext;
  let page: Page;
  let devtools: CDPSession;
  let complaints: string[];
  let people = 0;

  before(async function () {
    browser = await launchBrowser(this);
    const port = await freePort();
    // A relying party has a name: an address is none.
    const env = { TRUST_HTTP_ADDRESS: `127.0.0.1:${port}`, TRUST_PUBLIC_URL: `http://localhost:${port}` };
    server = await startServer({ env });
    rpc = new RpcCaller(server.grpcAddress, server.serviceKey);
    app = await callbackApp(() => server.publicUrl);
  });
  after(async () => {
    await browser?.close();
    rpc?.close();
    await server?.remove();
    await app?.close();
  });
  beforeEach(async () => {
    assert.ok(browser);
    context = await browser.newContext();
    page = await context.newPage();
    devtools = await context.newCDPSession(page);
    await devtools.send('WebAuthn.enable', { enableUI: false });
    complaints = [];
    page.on('console', (message) => complaints.push(message.text()));
    app.calls.length = 0;
  });
  afterEach(() => context.close());

  const authenticator = async (change: { isUserVerified?: boolean } = {}) => {
    const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
        ...change,
      },
    });
    return authenticatorId;
  };
  const pageUrl = (path: string) =>
    `${server.publicUrl}${path}?${new URLSearchParams({ ...FLOW, return_to: app.returnTo })}`;
  const welcome = () => page.waitForURL(`${app.origin}/welcome`);
  const click = (name: string) => page.getByRole('button', { name }).click();
  const heading = (name: string) => page.getByRole('heading', { name }).waitFor();

  /** The session that the code of the latest callback gives. */
  const session = async () => {
    const code = app.callback()?.searchParams.get('code') ?? '';
    app.calls.length = 0;
    const request = { code, codeVerifier: VERIFIER, returnTo: app.returnTo };
    return rpc.ok('SignInService', 'exchangeSignInCode', request);
  };

  const signUp = async () => {
    people += 1;
    const identifier = `person-${people}@example.com`;
    await page.goto(pageUrl('/sign-up'));
    await page.getByLabel('E-mail', { exact: false }).fill(identifier);
    await page.getByLabel('Password').fill(PASSWORD);
    await click('Create account');
    await welcome();
    await session();
    return identifier;
  };

  const signIn = async (path: string, identifier: string) => {
    await page.goto(pageUrl(path));
    await page.getByLabel('E-mail or user name').fill(identifier);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  };

  const createPasskey = async (identifier: string) => {
    await signIn('/security', identifier);
    await heading('Security');
    await click('Create a passkey');
    await heading('Your recovery codes');
    assert.equal(await page.locator('.codes li').count(), 10);
    await click('I have saved them');
    await welcome();
    return session();
  };

  it('PKY-1 PKY-3 a passkey is created on the security page and then is the whole sign-in', async () => {
    await authenticator();
    const identifier = await signUp();
    const { identity, session: first } = await createPasskey(identifier);
    assert.equal(first?.acr, 'aal2');
    await page.goto(pageUrl('/sign-in'));
    await welcome();
    const autofilled = await session();
    assert.equal(autofilled.identity?.id, identity?.id, 'offered by autofill, taken by the virtual authenticator');
    assert.deepEqual(autofilled.session?.amr, ['swk', 'user', 'mfa']);
    assert.deepEqual(complaints, [], 'nothing that the policy had to stop');
  });

  it('MFA-1 the passkey is asked for after the password, and answers', async () => {
    const id = await authenticator();
    const identifier = await signUp();
    await createPasskey(identifier);
    // Not there while the name is typed, so that autofill does not end the sign-in before.
    await devtools.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId: id, enabled: false });
    await signIn('/sign-in', identifier);
    await heading('Confirm that it is you');
    await devtools.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId: id, enabled: true });
    await click('Use your passkey');
    await welcome();
    const { session: made } = await session();
    assert.deepEqual([made?.acr, made?.amr.includes('pwd')], ['aal2', true]);
  });

  it('PKY-3 an authenticator that cannot verify its user makes no passkey, and the page says so', async () => {
    await authenticator({ isUserVerified: false });
    const identifier = await signUp();
    await signIn('/security', identifier);
    await click('Create a passkey');
    await page.getByRole('alert').filter({ hasText: 'The passkey was not used' }).waitFor();
    const { identity } = await rpc.ok('IdentityService', 'findIdentity', { type: 1, value: identifier });
    const { factors } = await rpc.ok('MfaService', 'listFactors', { identityId: identity?.id ?? '' });
    assert.deepEqual(factors, []);
  });

  it('MFA-10 an authenticator app is set up and used with scripts turned off', async () => {
    const identifier = await signUp();
    assert.ok(browser);
    const plain = await browser.newContext({ javaScriptEnabled: false });
    const [before, quiet] = [page, await plain.newPage()];
    page = quiet;
    try {
      await signIn('/security', identifier);
      await page.getByText('Add an authenticator app').click();
      const secret = (await page.locator('code.key').textContent())?.replaceAll(' ', '') ?? '';
      assert.equal(await page.locator('.qr svg').count(), 1);
      assert.equal(await page.getByRole('button', { name: 'Create a passkey' }).isVisible(), false);
      await page.getByRole('textbox', { name: 'Code' }).fill(totpCode(secret, Date.now() - 30_000));
      await click('Turn on');
      await click('I have saved them');
      await welcome();
      assert.equal((await session()).session?.acr, 'aal2');
      await signIn('/sign-in', identifier);
      await page.getByRole('textbox', { name: 'Code' }).fill(totpCode(secret, Date.now()));
      await page.getByLabel('Do not ask again', { exact: false }).check();
      await click('Go on');
      await welcome();
      assert.equal((await session()).session?.acr, 'aal2');
      await signIn('/sign-in', identifier);
      await welcome();
      assert.equal((await session()).session?.acr, 'aal1', 'the device is remembered');
    } finally {
      page = before;
      await plain.close();
    }
  });
});
