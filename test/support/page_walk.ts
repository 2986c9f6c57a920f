import assert from 'node:assert/strict';
import type { BrowserContext, Page } from 'playwright-core';
import type { TenantSettings } from '../../server/src/contract/gen/trust/v1/tenant.ts';
import { ACTIONS, type World } from '../conformance/actions.ts';
import type { callbackApp } from './callback_app.ts';
import { FLOW } from './http_world.ts';
import { oauthEnv, servedIssuer } from './issuer.ts';
import { invitationPages } from './page_walk_invitation.ts';
import type { RpcCaller } from './rpc_caller.ts';
import { freePort, type ServerProcess, startServer } from './server_process.ts';
import { totpCode } from './totp_code.ts';

export type PageServer = ServerProcess & { readonly issuer: Awaited<ReturnType<typeof servedIssuer>> };

const PASSWORD = 'violet-otter-battery';

/** A server whose pages have a name, so that passkeys are offered, and a provider with whose accounts people sign in. */
export async function pageServer(): Promise<PageServer> {
  const issuer = await servedIssuer();
  const port = await freePort();
  const env = { TRUST_HTTP_ADDRESS: `127.0.0.1:${port}`, TRUST_PUBLIC_URL: `http://localhost:${port}` };
  const server = await startServer({ env: { ...env, ...oauthEnv(issuer) } });
  const remove = async () => {
    await server.remove();
    await issuer.close();
  };
  return { ...server, remove, issuer };
}

/** Replaces some settings of the tenant. */
export async function changeSettings(rpc: RpcCaller, change: Partial<TenantSettings>): Promise<void> {
  const { tenant } = await rpc.ok('TenantService', 'getTenant', { tenantId: '' });
  await rpc.ok('TenantService', 'updateTenant', { settings: { ...tenant?.settings, ...change } } as never);
}

export type Walk = {
  readonly server: PageServer;
  readonly rpc: RpcCaller;
  readonly app: Awaited<ReturnType<typeof callbackApp>>;
  readonly context: BrowserContext;
  readonly page: Page;
  /** Part of the names of the people that are made, so that walks do not meet. */
  readonly who: string;
  /** Called at each page, once it stands there. */
  readonly see: (name: string) => Promise<void>;
};

/**
 * Goes through every page of the server in every state that looks different, whatever its language: what is pressed is found by its name in the
 * form. A test holds that no route is left out.
 */
export async function walkPages(walk: Walk): Promise<void> {
  const stretches = [
    refusals,
    flood,
    signIn,
    passkeys,
    elsewhere,
    factors,
    required,
    byMail,
    invitation,
    account,
    outbox,
  ];
  for (const stretch of stretches) await stretch(walk);
}

const url = ({ server, app }: Walk, path: string) =>
  `${server.publicUrl}${path}?${new URLSearchParams({ ...FLOW, return_to: app.returnTo })}`;

const welcome = ({ page, app }: Walk) => page.waitForURL(`${app.origin}/welcome`);

/** Sends the form that leads to a path, and waits for what comes. */
export async function send(
  { page }: Walk,
  action: string,
  typed: Readonly<Record<string, string>> = {},
  within = '',
): Promise<void> {
  const form = page.locator(`form[action="${action}"]${within}`).first();
  for (const [name, value] of Object.entries(typed)) await form.locator(`[name=${name}]`).fill(value);
  await Promise.all([page.waitForEvent('load'), form.locator('button[type=submit]').click()]);
}

/** As a browser without the passkey script would send it. */
async function sendHidden({ page }: Walk, action: string, credential: string): Promise<void> {
  const sent = page.waitForEvent('load');
  await page.evaluate(
    `(() => { const form = document.querySelector('form[action="${action}"]'); form.elements.credential.value = ${JSON.stringify(credential)}; HTMLFormElement.prototype.submit.call(form); })()`,
  );
  await sent;
}

async function refusals(walk: Walk): Promise<void> {
  const { page, server, see } = walk;
  await page.goto(server.publicUrl);
  await see('home');
  await page.goto(`${server.publicUrl}/nowhere`);
  await see('not found');
  await page.goto(`${server.publicUrl}/sign-in`);
  await see('bad link');
  await page.goto(url(walk, '/sign-in'));
  await page.evaluate(`document.querySelector('[name=form_token]').value = 'forged'`);
  await send(walk, '/sign-in', { identifier: 'a@example.com', password: PASSWORD });
  await see('start again');
  await changeSettings(walk.rpc, { signUpOpen: false });
  await page.goto(url(walk, '/sign-up'));
  await see('sign-up closed');
  await changeSettings(walk.rpc, { signUpOpen: true });
}

/** Where more is begun than is free. */
async function flood(walk: Walk): Promise<void> {
  const { page, rpc, see } = walk;
  const { tenant } = await rpc.ok('TenantService', 'getTenant', {});
  const rateLimits = tenant?.settings?.rateLimits;
  const nobody = { identifierType: 1 as const, identifier: 'nobody@example.com', password: PASSWORD };
  await changeSettings(rpc, { rateLimits: { ...rateLimits, freeTenant: { burst: 1, perHour: 1 } } as never });
  await rpc.refused('PasswordService', 'signInWithPassword', nobody);
  await page.goto(url(walk, '/sign-in'));
  await see('sign-in in a flood');
  // As where no script has put a proof into it.
  await page.evaluate(`document.querySelector('[name=proof_of_work]').name = ''`);
  await send(walk, '/sign-in', { identifier: nobody.identifier, password: PASSWORD });
  await see('sign-in in a flood, asked for work');
  await changeSettings(rpc, { rateLimits });
}

async function signIn(walk: Walk): Promise<void> {
  const { page, who, see } = walk;
  const person = { identifier: `${who}@example.com`, password: PASSWORD };
  await page.goto(url(walk, '/sign-up'));
  await see('sign-up');
  await send(walk, '/sign-up', { ...person, password: '12345678' });
  await see('sign-up, weak password');
  await send(walk, '/sign-up', person);
  await welcome(walk);
  await page.goto(url(walk, '/sign-in'));
  await see('sign-in');
  await send(walk, '/sign-in', { ...person, password: 'wrong-password-42' });
  await see('sign-in, rejected');
  await send(walk, '/sign-in', person);
  await welcome(walk);
}

async function passkeys(walk: Walk): Promise<void> {
  await walk.page.goto(url(walk, '/sign-in'));
  await sendHidden(walk, '/sign-in/passkey', '{}');
  await walk.see('sign-in, passkey rejected');
}

/** There and back with a provider, which says yes for the person at once. */
async function elsewhere(walk: Walk): Promise<void> {
  const { page, server, who, see } = walk;
  const { issuer } = server;
  const person = { identifier: `${who}@example.com`, password: PASSWORD };
  issuer.person.claims = { sub: `elsewhere-${who}`, email: person.identifier, email_verified: true };
  const press = (purpose = '') =>
    page
      .locator(`form[action="/oauth/start"]${purpose === '' ? '' : `:has([value=${purpose}])`} [name=provider]`)
      .click();
  const back = (path: RegExp) => page.waitForURL(path);
  await page.goto(url(walk, '/sign-in'));
  // Without the header by which the browser goes on, the page stays.
  await page.route('**/oauth/start', async (route) => {
    // What stands for it is no browser, so that it says what a browser would.
    const sent = { ...(await route.request().allHeaders()), 'sec-fetch-site': 'same-origin' };
    const response = await route.fetch({ headers: sent });
    const { refresh: _, ...headers } = response.headers();
    await route.fulfill({ response, headers });
  });
  await press();
  await page.locator(`a[href^="${issuer.issuer}"]`).waitFor();
  await see('on the way to a provider');
  await page.unroute('**/oauth/start');
  issuer.play({ iss: 'https://evil.example' });
  await page.goto(url(walk, '/sign-in'));
  await press();
  await back(/callback/);
  await see('provider not believed');
  issuer.play({});
  await page.goto(url(walk, '/sign-in'));
  await press();
  await back(/callback/);
  await see('address is somebody’s');
  await page.goto(url(walk, '/security'));
  await send(walk, '/security', person);
  await press('link');
  await back(/second-step/);
  await see('security, connected');
  await send(walk, '/oauth/unlink');
  await see('security, disconnected');
  await page.goto(url(walk, '/sign-in'));
  await Promise.all([
    page.waitForEvent('load'),
    page.evaluate(
      `(() => { const form = document.createElement('form'); form.method = 'post'; form.action = '/oauth/acme/callback'; document.body.append(form); form.submit(); })()`,
    ),
  ]);
  await see('nobody began');
}

/** Sets up an app on the page that stands there; gives its recovery codes. */
async function setUpApp(walk: Walk, see: (name: string) => Promise<void>): Promise<readonly string[]> {
  const { page } = walk;
  const open = async () => {
    const choice = page.locator('details.choice:not([open]) > summary');
    if ((await choice.count()) > 0) await choice.first().click();
  };
  await open();
  await page.locator('details details > summary').click();
  await see('set up an app');
  await send(walk, '/second-step/totp', { code: '000000' });
  await open();
  await see('set up an app, rejected');
  const secret = ((await page.locator('code.key').textContent()) ?? '').replaceAll(' ', '');
  await send(walk, '/second-step/totp', { code: totpCode(secret, Date.now()) });
  await see('recovery codes');
  return page.locator('.codes code').allTextContents();
}

async function factors(walk: Walk): Promise<void> {
  const { page, who, see } = walk;
  const person = { identifier: `${who}@example.com`, password: PASSWORD };
  await page.goto(url(walk, '/security'));
  await see('security, sign-in');
  await send(walk, '/security', person);
  await see('security, no factor');
  await sendHidden(walk, '/second-step/passkey', '{}');
  await see('security, passkey rejected');
  const codes = await setUpApp(walk, see);
  await send(walk, '/second-step/done');
  await welcome(walk);
  const again = async (path: string, code: string) => {
    await page.goto(url(walk, path));
    await send(walk, path, person);
    await page.locator('a[href*="with=recovery"]').click();
    await page.locator('[name=with]').waitFor({ state: 'attached' });
    if (path === '/sign-in') await see('recovery code');
    await send(walk, '/second-step', { code });
  };
  await page.goto(url(walk, '/sign-in'));
  await send(walk, '/sign-in', person);
  await see('second step');
  await send(walk, '/second-step', { code: '000000' });
  await see('second step, rejected');
  await again('/sign-in', codes[0] ?? '');
  await welcome(walk);
  await again('/security', codes[1] ?? '');
  await see('security, one factor');
  await send(walk, '/second-step/change', {}, ':not(.inline)');
  await see('new recovery codes');
  await page.goto(url(walk, '/account'));
  await see('account');
  await send(walk, '/account/profile', { display_name: 'Ada Lovelace' });
  await see('account, saved');
  await send(walk, '/account/password', { current_password: 'wrong-password-42', new_password: PASSWORD });
  await see('account, wrong password');
  await session(walk, person.identifier);
  await page.goto(url(walk, '/account/sessions'));
  await see('sessions');
  await page.goto(url(walk, '/account/activity'));
  await see('activity');
  await page.goto(url(walk, '/account/sessions'));
  await send(walk, '/account/sessions', {}, ':not(.inline)');
}

/** A session of an app, from this browser. */
async function session({ rpc, page }: Walk, value: string): Promise<void> {
  const { identity } = await rpc.ok('IdentityService', 'findIdentity', { type: 1, value });
  const userAgent = String(await page.evaluate('navigator.userAgent'));
  const device = { userAgent, ipAddress: '127.0.0.1', label: '' };
  await rpc.ok('SessionService', 'createSession', {
    identityId: identity?.id ?? '',
    acr: 'aal1',
    amr: ['pwd'],
    device,
  });
}

async function required(walk: Walk): Promise<void> {
  const { page, who } = walk;
  await changeSettings(walk.rpc, { mfaPolicy: 3 });
  await page.goto(url(walk, '/sign-up'));
  await send(walk, '/sign-up', { identifier: `${who}-required@example.com`, password: PASSWORD });
  await setUpApp(walk, (name) => walk.see(`required: ${name}`));
  await send(walk, '/second-step/done');
  await welcome(walk);
  await changeSettings(walk.rpc, { mfaPolicy: 2 });
}

/** Code and link of the newest mail to an address. */
async function mailed({ server }: Walk, to: string): Promise<{ readonly code: string; readonly link: string }> {
  const answer = await ACTIONS.mailed?.({ to }, { publicUrl: server.publicUrl } as World, '');
  return (answer && 'ok' in answer ? answer.ok : {}) as { code: string; link: string };
}

/** Somebody with a verified address and a password. */
async function mailPerson({ rpc, who }: Walk, name: string): Promise<string> {
  const value = `${who}-${name}@example.com`;
  const { identity } = await rpc.ok('IdentityService', 'createIdentity', {
    identifiers: [{ type: 1 as const, value, verified: true }],
  });
  await rpc.ok('PasswordService', 'setPassword', { identityId: identity?.id ?? '', password: PASSWORD });
  return value;
}

async function byMail(walk: Walk): Promise<void> {
  const { page, who, see, context } = walk;
  const email = await mailPerson(walk, 'code');
  await page.goto(url(walk, '/sign-in/mail'));
  await see('sign-in by mail');
  await send(walk, '/sign-in/mail', { email: 'a@b' });
  await see('sign-in by mail, no address');
  await send(walk, '/sign-in/mail', { email });
  await see('sign-in by mail, code');
  await send(walk, '/sign-in/mail', { code: '0000 0000' });
  await see('sign-in by mail, wrong code');
  const { link } = await mailed(walk, email);
  await page.goto(link);
  await see('sign-in by mail, link');
  await send(walk, '/mail');
  await welcome(walk);
  await page.goto(link);
  await see('link that was used');

  await page.goto(url(walk, '/recover'));
  await see('new password');
  await send(walk, '/recover', { email });
  await see('new password, code');
  await page.goto((await mailed(walk, email)).link);
  await see('new password, link');
  await send(walk, '/mail', { password: '12345678' });
  await see('new password, weak');
  await send(walk, '/mail', { password: `${PASSWORD}-2` });
  await welcome(walk);

  await page.goto(url(walk, '/sign-in/mail'));
  await send(walk, '/sign-in/mail', { email });
  const foreign = (await mailed(walk, email)).link;
  await page.goto(url(walk, '/recover'));
  await send(walk, '/recover', { email });
  await context.clearCookies({ name: 'trust_txn' });
  await page.goto(foreign);
  await see('link of another browser');
  await page.goto((await mailed(walk, email)).link);
  await send(walk, '/mail', { password: `${PASSWORD}-3` });
  await see('new password, done elsewhere');

  await page.goto((await mailed(walk, `${who}-required@example.com`)).link);
  await see('confirm an address');
  await send(walk, '/mail');
  await see('address confirmed');
}

async function account(walk: Walk): Promise<void> {
  const { page, who, see } = walk;
  const enter = async (name: string) => {
    await page.goto(url(walk, '/security'));
    await send(walk, '/security', { identifier: name, password: PASSWORD });
    await page.goto(url(walk, '/account'));
  };
  await enter(await mailPerson(walk, 'account'));
  const email = `${who}-changed@example.com`;
  await page.locator('details:has(form[action="/account/email"]) > summary').click();
  await send(walk, '/account/email', { email });
  await see('another address, code');
  await send(walk, '/account/email', { code: '0000 0000' });
  await see('another address, wrong code');
  await send(walk, '/account/email', { code: (await mailed(walk, email)).code });
  await see('another address confirmed');
  await page.goto(url(walk, '/account'));
  await see('account with two addresses');
  await send(walk, '/account/email/remove');
  await send(walk, '/account/sign-out');
  await see('signed out');
  await enter(email);
  const download = page.waitForEvent('download');
  await page.locator('form[action="/account/data"] button').click();
  assert.equal((await download).suggestedFilename(), 'my-data.json');
  await send(walk, '/account/delete');
  await see('account, deletion without its word');
  await page.locator('[name=understood]').check();
  await send(walk, '/account/delete');
  await see('deletion asked for');
}

/** With the mail that a new password causes. */
async function outbox(walk: Walk): Promise<void> {
  const { page, rpc, server, who, see } = walk;
  const identifier = { type: 1 as const, value: `${who}-mail@example.com`, verified: true };
  const { identity } = await rpc.ok('IdentityService', 'createIdentity', { identifiers: [identifier] });
  await rpc.ok('PasswordService', 'setPassword', { identityId: identity?.id ?? '', password: PASSWORD });
  await page.goto(`${server.publicUrl}/outbox`);
  await see('outbox');
  await Promise.all([page.waitForEvent('load'), page.locator('a[href^="/outbox/"]').first().click()]);
}

const invitation = (walk: Walk) => invitationPages(walk, send, PASSWORD);
