import assert from 'node:assert/strict';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchBrowser } from '../support/browser.ts';
import { callbackApp } from '../support/callback_app.ts';
import { ADA, FLOW, type HttpWorld, httpWorld, VERIFIER } from '../support/http_world.ts';
import { NO_DEVICE } from '../support/world.ts';

describe('sign-in pages in Chromium', function () {
  this.timeout(60_000);
  let browser: Browser | undefined;
  let world: HttpWorld;
  let app: Awaited<ReturnType<typeof callbackApp>>;
  let context: BrowserContext;
  let page: Page;
  let complaints: string[];

  before(async function () {
    browser = await launchBrowser(this);
    world = await httpWorld();
    app = await callbackApp((returnTo) => pageUrl('/sign-in', { return_to: returnTo }));
  });
  after(async () => {
    await browser?.close();
    await world?.close();
    await app?.close();
  });
  beforeEach(async () => {
    assert.ok(browser);
    context = await browser.newContext({ javaScriptEnabled: false });
    page = await context.newPage();
    complaints = [];
    page.on('console', (message) => complaints.push(message.text()));
    app.calls.length = 0;
  });
  afterEach(() => context.close());

  const pageUrl = (path: string, change: Partial<typeof FLOW> = {}) =>
    `${world.publicUrl}${path}?${new URLSearchParams({ ...FLOW, return_to: app.returnTo, ...change })}`;
  const email = () => page.getByLabel('E-mail', { exact: false });
  const password = () => page.getByLabel('Password');

  const signUp = async (identifier = ADA.identifier) => {
    await page.goto(pageUrl('/sign-up'));
    await email().fill(identifier);
    await page.getByLabel('Name').fill('Ada');
    await password().fill(ADA.password);
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.waitForURL(`${app.origin}/welcome`);
  };

  it('RED-3 from the app through sign-up back to the app: a code that makes a session, no script, no referrer, no cookie across', async () => {
    await page.goto(app.origin);
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.getByRole('link', { name: 'Create an account' }).click();
    await email().fill(ADA.identifier);
    await page.getByLabel('Name').fill('Ada');
    await password().fill(ADA.password);
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.waitForURL(`${app.origin}/welcome`);

    const callback = app.callback();
    assert.deepEqual([...(callback?.searchParams.keys() ?? [])], ['code', 'state']);
    assert.equal(callback?.searchParams.get('state'), FLOW.state);
    const code = callback?.searchParams.get('code') ?? '';
    const input = { tenantId: 'default', actor: 'web', code, codeVerifier: VERIFIER, returnTo: app.returnTo };
    const { identity } = await world.exchange({ ...input, device: NO_DEVICE });
    assert.equal(identity.displayName, 'Ada');
    assert.ok(app.calls.every(({ referer }) => !referer?.includes(world.publicUrl)));
    assert.deepEqual(complaints, [], 'nothing that the policy had to stop');
    // localhost and 127.0.0.1 are different hosts, so cookies of one never reach the other.
    assert.ok(app.calls.every(({ cookie }) => cookie === undefined));
  });

  it('RED-8 the transaction cookie is HttpOnly and Lax, and is gone after the sign-in', async () => {
    await page.goto(pageUrl('/sign-in'));
    const [cookie, ...others] = await context.cookies(world.publicUrl);
    assert.deepEqual(others, []);
    assert.deepEqual([cookie?.name, cookie?.httpOnly, cookie?.sameSite, cookie?.path], ['trust_txn', true, 'Lax', '/']);
    const minutes = ((cookie?.expires ?? 0) - Date.now() / 1_000) / 60;
    assert.ok(minutes > 28 && minutes <= 31);
    await signUp('cookie@example.com');
    assert.deepEqual(await context.cookies(world.publicUrl), []);
  });

  it('PWD-3 a wrong password stays on the page with an alert that describes the fields, keeps the name and not the password', async () => {
    await page.goto(pageUrl('/sign-in'));
    await email().fill('nobody@example.com');
    await password().fill('wrong-password-42');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    assert.match((await page.getByRole('alert').textContent()) ?? '', /did not work/);
    assert.equal(await email().inputValue(), 'nobody@example.com');
    assert.equal(await password().inputValue(), '');
    for (const field of [email(), password()]) {
      assert.equal(await field.getAttribute('aria-invalid'), 'true');
      assert.equal(await field.getAttribute('aria-describedby'), 'form-fault');
    }
    assert.equal(new URL(page.url()).pathname, '/sign-in');
    assert.equal(app.callback(), undefined);
  });

  it('RED-1 a foreign return_to is an error page, and the browser stays', async () => {
    await page.goto(pageUrl('/sign-in', { return_to: 'https://evil.example/auth/callback' }));
    await page.getByRole('heading', { name: 'This link does not work' }).waitFor();
    assert.equal(new URL(page.url()).origin, world.publicUrl);
    assert.equal(await page.locator('form, a[href*="evil"]').count(), 0);
  });

  it('the back button after a sign-in leads to a fresh form that works', async () => {
    await signUp('back@example.com');
    await page.goto(pageUrl('/sign-in'));
    await email().fill('back@example.com');
    await password().fill(ADA.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(`${app.origin}/welcome`);
    await page.goBack();
    assert.equal(await password().inputValue(), '');
    app.calls.length = 0;
    await email().fill('back@example.com');
    await password().fill(ADA.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(`${app.origin}/welcome`);
    assert.ok(app.callback()?.searchParams.get('code'));
  });

  it('two tabs of one browser each reach the end of their own flow', async () => {
    await signUp('tabs@example.com');
    const other = await context.newPage();
    for (const tab of [page, other]) await tab.goto(app.origin);
    for (const tab of [page, other]) await tab.getByRole('link', { name: 'Sign in' }).click();
    await page.getByLabel('E-mail', { exact: false }).fill('tabs@example.com');
    await page.getByLabel('Password').fill(ADA.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(`${app.origin}/welcome`);
    // The first ended the transaction; the second is told to start again, with one click, and goes on.
    await other.getByLabel('E-mail', { exact: false }).fill('tabs@example.com');
    await other.getByLabel('Password').fill(ADA.password);
    await other.getByRole('button', { name: 'Sign in' }).click();
    await other.getByRole('link', { name: 'Start again' }).click();
    await other.getByLabel('E-mail', { exact: false }).fill('tabs@example.com');
    await other.getByLabel('Password').fill(ADA.password);
    await other.getByRole('button', { name: 'Sign in' }).click();
    await other.waitForURL(`${app.origin}/welcome`);
  });

  it('works by keyboard alone: focus stands in the first field, Tab goes through in order, Enter sends', async () => {
    await signUp('keys@example.com');
    await page.goto(pageUrl('/sign-in'));
    // Focus is set after the page is loaded; without it the keys would go nowhere, and this wait fail.
    await page.locator('[name=identifier]:focus').waitFor();
    await page.keyboard.type('keys@example.com');
    await page.keyboard.press('Tab');
    await page.keyboard.type(ADA.password);
    await page.keyboard.press('Tab');
    assert.equal(await page.locator(':focus').textContent(), 'Sign in');
    await page.keyboard.press('Tab');
    assert.equal(await page.locator(':focus').textContent(), 'Forgot your password?');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await page.waitForURL(`${app.origin}/welcome`);
  });

  it('password managers are told which field is which, on both pages', async () => {
    for (const [path, expected] of [
      ['/sign-in', ['username', 'current-password']],
      ['/sign-up', ['username', 'name', 'new-password']],
    ] as const) {
      await page.goto(pageUrl(path));
      const inputs = await page.locator('input:not([type=hidden])').all();
      assert.deepEqual(await Promise.all(inputs.map((input) => input.getAttribute('autocomplete'))), expected);
      for (const input of inputs) {
        const id = await input.getAttribute('id');
        assert.equal(await page.locator(`label[for="${id}"]`).count(), 1);
      }
    }
  });

  it('fits a phone of 320 pixels without scrolling sideways, and follows the colours that the person prefers', async () => {
    assert.ok(browser);
    const seen = new Set<string>();
    for (const colorScheme of ['light', 'dark'] as const) {
      const phone = await browser.newContext({ viewport: { width: 320, height: 640 }, colorScheme });
      const small = await phone.newPage();
      for (const path of ['/sign-in', '/sign-up', '/']) {
        await small.goto(path === '/' ? world.publicUrl : pageUrl(path));
        const { width, background } = (await small.evaluate(
          `({ width: document.documentElement.scrollWidth, background: getComputedStyle(document.querySelector('.card')).backgroundColor })`,
        )) as { width: number; background: string };
        assert.equal(width, 320, path);
        seen.add(background);
      }
      await phone.close();
    }
    assert.equal(seen.size, 2);
  });

  it('cannot be framed, where a page without such a policy can', async () => {
    const framed = (url: string) => `<iframe src="${url.replaceAll('&', '&amp;')}"></iframe>`;
    app.pages.set('/frames', framed(pageUrl('/sign-in')) + framed(app.origin));
    await page.goto(`${app.origin}/frames`);
    const [, ours, control] = page.frames();
    await control?.getByRole('heading', { name: 'Welcome' }).waitFor();
    assert.equal(await ours?.locator('form').count(), 0);
    assert.match(complaints.join('\n'), /frame-ancestors/);
  });
});
