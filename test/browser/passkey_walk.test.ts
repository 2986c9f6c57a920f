// The walk of docs/guide/passkeys.md: from the first page of a starter to a sign-in by passkey alone, each step timed.
import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../support/browser.ts';
import { freePort, type ServerProcess, startServer } from '../support/server_process.ts';
import { FIRST_START, type StarterProcess, startStarter } from '../support/starter_process.ts';

describe('the passkey walk', function () {
  this.timeout(FIRST_START);
  let browser: Browser | undefined;
  let server: ServerProcess | undefined;
  let app: StarterProcess | undefined;
  const steps: string[] = [];
  let last = 0;
  const step = (name: string) => {
    const now = performance.now();
    steps.push(`      ${((now - last) / 1_000).toFixed(1).padStart(5)} s  ${name}`);
    last = now;
  };

  before(async function () {
    browser = await launchBrowser(this);
    last = performance.now();
    const port = await freePort();
    // As a development server has it by itself.
    const env = { TRUST_HTTP_ADDRESS: `127.0.0.1:${port}`, TRUST_PUBLIC_URL: `http://localhost:${port}` };
    server = await startServer({ env });
    step('the Trust Layer is ready');
    app = await startStarter('express', server);
    step('the app answers');
  });
  after(async () => {
    await browser?.close();
    await app?.interrupt();
    await server?.remove();
    console.log(steps.join('\n'));
  });

  it('MFA-8 RED-11 PKY-3 signs up, creates a passkey, signs out, and is back by the passkey alone', async () => {
    assert.ok(browser && app && server);
    const context = await browser.newContext();
    const page = await context.newPage();
    const devtools = await context.newCDPSession(page);
    await devtools.send('WebAuthn.enable', { enableUI: false });
    const button = (name: string) => page.getByRole('button', { name, exact: true }).click();
    const sessions = async () => {
      await page.goto(`${app?.url}/account`);
      return page.locator('ul.sessions li').count();
    };
    await page.goto(`${app.url}/dashboard`);
    await page.getByRole('link', { name: 'Create an account' }).click();
    await page.getByLabel('E-mail', { exact: false }).fill('walker@example.com');
    await page.getByLabel('Password').fill('a long lighthouse sentence');
    await button('Create account');
    await page.waitForURL(`${app.url}/dashboard`);
    step('signed up');

    await page.goto(`${app.url}/account`);
    await page.getByRole('link', { name: 'Password, passkeys and second factors' }).click();
    await page.getByLabel('E-mail', { exact: false }).fill('walker@example.com');
    await page.getByLabel('Password').fill('a long lighthouse sentence');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('heading', { name: 'Security' }).waitFor();
    await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    await button('Create a passkey');
    await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor();
    await button('I have saved them');
    await page.waitForURL(`${app.url}/account`);
    step('the passkey is there');
    assert.equal(await sessions(), 1, 'the session from before the step-up has ended');

    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await page.getByRole('heading', { name: 'A small app' }).waitFor();
    await page.goto(`${app.url}/dashboard`);
    await page.waitForURL(`${app.url}/dashboard`);
    assert.equal(await sessions(), 1);
    step('signed in with it, by autofill');
    await context.close();
  });
});
