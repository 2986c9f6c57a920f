import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../support/browser.ts';
import { callbackApp } from '../support/callback_app.ts';
import { FLOW } from '../support/http_world.ts';
import { RpcCaller } from '../support/rpc_caller.ts';
import { type ServerProcess, startServer } from '../support/server_process.ts';

const PASSWORD = 'violet-otter-battery';

describe('a flood, in Chromium', function () {
  this.timeout(60_000);
  let browser: Browser | undefined;
  let server: ServerProcess;
  let rpc: RpcCaller;
  let app: Awaited<ReturnType<typeof callbackApp>>;

  before(async function () {
    browser = await launchBrowser(this);
    server = await startServer();
    rpc = new RpcCaller(server.grpcAddress, server.serviceKey);
    app = await callbackApp(() => server.publicUrl);
    const { tenant } = await rpc.ok('TenantService', 'getTenant', {});
    const settings = tenant?.settings ?? assert.fail();
    const free = { burst: 1, perHour: 1 };
    const rateLimits = { ...settings.rateLimits, freeAddress: undefined, freeTenant: free };
    await rpc.ok('TenantService', 'updateTenant', { settings: { ...settings, rateLimits } as typeof settings });
    const who = { identifierType: 1 as const, identifier: 'ada@example.com', password: PASSWORD };
    await rpc.ok('PasswordService', 'signUpWithPassword', who);
    assert.equal((await rpc.refused('PasswordService', 'signInWithPassword', who)).reason, 'PROOF_OF_WORK_REQUIRED');
  });
  after(async () => {
    await browser?.close();
    rpc?.close();
    await server?.remove();
    await app?.close();
  });

  const signIn = async (javaScriptEnabled: boolean) => {
    assert.ok(browser);
    const context = await browser.newContext({ javaScriptEnabled });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    await page.goto(`${server.publicUrl}/sign-in?${new URLSearchParams({ ...FLOW, return_to: app.returnTo })}`);
    await page.getByLabel('E-mail or user name').fill('ada@example.com');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    return { context, page, complaints };
  };

  it('LIM-5 a browser proves work while the form is filled in, and its person notices nothing', async () => {
    const { context, page, complaints } = await signIn(true);
    await page.waitForURL(`${app.origin}/welcome`);
    assert.deepEqual(complaints, [], 'nothing that the policy had to stop');
    await context.close();
  });

  it('LIM-5 who allows no scripts is told when to come back', async () => {
    const { context, page } = await signIn(false);
    await page.getByRole('alert').filter({ hasText: 'try again in 60 minutes' }).waitFor();
    await context.close();
  });
});
