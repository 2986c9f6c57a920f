// One walk through each starter, in a real browser and against a real server: what the guide promises of five minutes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchBrowser } from '../support/browser.ts';
import { type ServerProcess, startServer } from '../support/server_process.ts';
import {
  FIRST_START,
  needsLanguage,
  type Starter,
  type StarterProcess,
  startStarter,
} from '../support/starter_process.ts';

const PASSWORD = 'a long lighthouse sentence';
const SECRETS = /\b(?:ts|tc|tlk)_[0-9A-Za-z]{8,}|\beyJ[\w-]{8,}/;

describe('starters in Chromium', function () {
  this.timeout(60_000);
  let browser: Browser | undefined;
  let server: ServerProcess;

  before(async function () {
    browser = await launchBrowser(this);
    server = await startServer();
  });
  after(async () => {
    await browser?.close();
    await server?.remove();
  });

  for (const starter of ['express', 'fastapi', 'go'] as const) walk(starter);

  function walk(starter: Starter) {
    describe(starter, () => {
      let app: StarterProcess;
      let context: BrowserContext;
      let page: Page;
      let person = 0;
      let email: string;
      /** All that the app sent to the browsers of a test. */
      let received: Promise<string>[];

      before(async function () {
        this.timeout(FIRST_START + 10_000);
        needsLanguage(starter, this);
        app = await startStarter(starter, server);
      });
      after(() => app?.interrupt());
      beforeEach(async () => {
        person += 1;
        email = `${starter}-${person}@example.com`;
        received = [];
        context = await newContext();
        page = await context.newPage();
      });
      afterEach(() => context.close());

      async function newContext(): Promise<BrowserContext> {
        assert.ok(browser);
        const made = await browser.newContext();
        made.on('response', (response) => {
          if (!response.url().startsWith(app.url)) return;
          const body = response.text().catch(() => ''); // A redirect has none.
          received.push(
            Promise.all([response.headersArray(), body]).then(([headers, text]) =>
              [...headers.map(({ name, value }) => `${name.toLowerCase()}: ${value}`), text].join('\n'),
            ),
          );
        });
        return made;
      }

      async function signUp() {
        await page.goto(`${app.url}/dashboard`);
        await page.getByRole('link', { name: 'Create an account' }).click();
        await page.getByLabel('E-mail', { exact: false }).fill(email);
        await page.getByLabel('Name').fill('Ada <Lovelace>');
        await page.getByLabel('Password').fill(PASSWORD);
        await page.getByRole('button', { name: 'Create account' }).click();
        await page.waitForURL(`${app.url}/dashboard`);
      }

      async function signIn(other: Page, path: string) {
        await other.goto(app.url + path);
        await other.getByLabel('E-mail', { exact: false }).fill(email);
        await other.getByLabel('Password').fill(PASSWORD);
        await other.getByRole('button', { name: 'Sign in' }).click();
        await other.waitForURL(app.url + path);
      }

      const cookies = async () => (await context.cookies()).map(({ name }) => name);
      const asksForSignIn = async (other: Page, path = '/dashboard') => {
        await other.goto(app.url + path);
        const { origin, pathname } = new URL(other.url());
        assert.deepEqual([origin, pathname], [server.publicUrl, '/sign-in']);
      };

      it('RED-5 from the public page by sign-up to the page first asked for, with one cookie that scripts cannot read', async () => {
        await page.goto(app.url);
        await page.getByRole('heading', { name: 'A small app with real sign-in' }).waitFor();
        assert.deepEqual(await cookies(), []);
        await page.getByRole('link', { name: 'Open the dashboard' }).click();
        assert.equal(new URL(page.url()).origin, server.publicUrl);
        assert.deepEqual((await cookies()).includes('trust_flow'), true);

        await signUp();
        await page.getByText('Ada <Lovelace>', { exact: true }).waitFor();
        const [cookie, ...others] = await context.cookies();
        assert.deepEqual(others, []);
        const { name, value, domain, path, httpOnly, sameSite } = cookie ?? {};
        assert.deepEqual([name, domain, path], ['session_id', 'localhost', '/']);
        assert.deepEqual([httpOnly, sameSite], [true, 'Lax']);
        assert.match(value ?? '', /^ts_/);
        const scripts = await page.evaluate('[document.cookie, localStorage.length, sessionStorage.length]');
        assert.deepEqual(scripts, ['', 0, 0]);
        const pages = (await Promise.all(received)).join('\n').replaceAll(/^set-cookie: .*$/gm, '');
        assert.ok(!pages.includes(value ?? 'none'), 'the session_id is in the cookie alone');
      });

      it('RED-6 lands on the page asked for with its query, and on none of another site', async () => {
        await signUp();
        await page.getByRole('button', { name: 'Sign out' }).click();
        await page.getByRole('heading', { name: 'A small app' }).waitFor();
        assert.deepEqual(await cookies(), []);
        await signIn(page, '/account?from=mail&x=1');
        await context.clearCookies();
        await page.goto(`${app.url}/auth/sign-in?return_to=${encodeURIComponent('//evil.example/')}`);
        await page.getByLabel('E-mail', { exact: false }).fill(email);
        await page.getByLabel('Password').fill(PASSWORD);
        await page.getByRole('button', { name: 'Sign in' }).click();
        await page.waitForURL(`${app.url}/`);
        await page.getByRole('heading', { name: 'Welcome back, Ada <Lovelace>' }).waitFor();
      });

      it('the account page lists two devices, and ends the other one at once', async () => {
        await signUp();
        const second = await newContext();
        const phone = await second.newPage();
        await signIn(phone, '/dashboard');

        await page.goto(`${app.url}/account`);
        assert.equal(await page.locator('.sessions li').count(), 2);
        assert.equal(await page.getByText('Chrome on Linux').count(), 2);
        assert.equal(await page.getByText('this one').count(), 1);
        await page.getByRole('button', { name: 'End Chrome on Linux' }).click();
        await page.waitForURL(`${app.url}/account`);
        assert.equal(await page.locator('.sessions li').count(), 1);
        await asksForSignIn(phone);
        await page.goto(`${app.url}/dashboard`);
        await page.getByRole('heading', { name: 'Dashboard' }).waitFor();
        await second.close();
      });

      it('TOK-31 the orders page shows what each service saw, and no Trust Token comes to the browser', async () => {
        await signUp();
        await page.getByRole('link', { name: 'Orders' }).click();
        await page.getByText('One lighthouse').waitFor();
        const rows = await page.locator('tbody tr').all();
        const cells = await Promise.all(
          rows.map(async (row) => (await row.locator('th, td').allTextContents()).slice()),
        );
        const seen = Object.fromEntries(cells.map(([name, ...values]) => [name, values]));
        assert.deepEqual(seen.Audience, ['orders', 'billing']);
        assert.deepEqual(seen.Caller, ['dev', 'orders']);
        assert.deepEqual(seen.Scope, ['orders:read', '']);
        for (const [fact, form] of [
          ['Subject', /^idn_[0-9a-f]{32}$/],
          ['Transaction', /^txn_[0-9a-f]{32}$/],
        ] as const) {
          const [atOrders = '', atBilling] = seen[fact] ?? [];
          assert.match(atOrders, form);
          assert.equal(atBilling, atOrders);
        }
        const all = (await Promise.all(received)).join('\n');
        assert.match(all, /One lighthouse/);
        assert.doesNotMatch(all, /\beyJ[\w-]{8,}|^trust-token:/m);
      });

      it('SDK-22 the services behind answer nobody without a Trust Token of their own', async () => {
        const port = Number(new URL(app.url).port);
        for (const place of [`${port + 1}/orders`, `${port + 2}/balance`]) {
          const answer = await fetch(`http://127.0.0.1:${place}`);
          assert.equal(answer.status, 401, place);
          assert.equal(answer.headers.get('www-authenticate'), 'Trust-Token error="TOKEN_SIZE"');
        }
      });

      it('signs out everywhere: no device is let in again', async () => {
        await signUp();
        const second = await newContext();
        const phone = await second.newPage();
        await signIn(phone, '/account');
        await phone.getByRole('button', { name: 'Sign out everywhere' }).click();
        await phone.waitForURL(`${app.url}/`);
        for (const each of [page, phone]) await asksForSignIn(each);
        await second.close();
      });

      it('SDK-23 forms that another site sends are refused, and the session lives on', async () => {
        await signUp();
        const foreign = await context.newPage();
        // A site that is neither this origin nor its host: the page of the Trust Layer's own address stands for it.
        await foreign.route(`${server.publicUrl}/foreign`, (route) =>
          route.fulfill({
            contentType: 'text/html',
            body: `<form method="post"><input name="handle" value="ses_x"><button>Win</button></form>`,
          }),
        );
        for (const path of ['/auth/sign-out', '/account/end', '/account/sign-out-everywhere']) {
          await foreign.goto(`${server.publicUrl}/foreign`);
          await foreign.evaluate(`document.forms[0].action = ${JSON.stringify(app.url + path)}`);
          const [answer] = await Promise.all([
            foreign.waitForResponse(app.url + path),
            foreign.getByRole('button').click(),
          ]);
          assert.ok([401, 403].includes(answer.status()), `${path} ${answer.status()}`);
        }
        // The second lock, where a browser sends the cookie along: the headers alone decide.
        const [session] = await context.cookies();
        for (const path of ['/auth/sign-out', '/account/end', '/account/sign-out-everywhere']) {
          const headers = { cookie: `${session?.name}=${session?.value}`, 'sec-fetch-site': 'cross-site' };
          const answer = await fetch(app.url + path, { method: 'POST', headers, redirect: 'manual' });
          assert.equal(answer.status, 403, path);
        }
        await page.goto(`${app.url}/dashboard`);
        await page.getByRole('heading', { name: 'Dashboard' }).waitFor();
      });

      it('every page keeps scripts, frames and caches out', async () => {
        await signUp();
        for (const path of ['/', '/dashboard', '/account', '/orders']) {
          const headers = (await page.goto(app.url + path))?.headers() ?? {};
          assert.match(headers['content-security-policy'] ?? '', /default-src 'none'.*frame-ancestors 'none'/, path);
          assert.equal(headers['cache-control'], 'no-store', path);
          assert.match(headers['content-type'] ?? '', /^text\/html; charset=utf-8$/i, path);
        }
      });

      it('SDK-20 answers 503 while the Trust Layer is away, and goes on when it is back', async function () {
        this.timeout(90_000);
        await signUp();
        await server.stop();
        try {
          // While its lease holds, the app may answer from memory: for B at most.
          const until = performance.now() + 20_000;
          let status: number | undefined;
          do status = (await page.goto(`${app.url}/dashboard`))?.status();
          while (status === 200 && performance.now() < until);
          assert.equal(status, 503);
          assert.equal((await page.goto(app.url))?.status(), 200);
        } finally {
          await server.restart();
        }
        // Channels reconnect within 5 s (SDK-6).
        const until = performance.now() + 20_000;
        while ((await page.goto(`${app.url}/orders`))?.status() !== 200) {
          assert.ok(performance.now() < until, app.output());
          await page.waitForTimeout(200);
        }
      });

      it('SDK-7 wrote no secret, and ends by Ctrl-C without complaint', async () => {
        const before = app.output();
        assert.ok(before.includes(`Open ${app.url} in a browser.`), before);
        assert.equal(await app.interrupt(), true, 'all its processes ended');
        const output = app.output();
        assert.doesNotMatch(output, SECRETS);
        assert.doesNotMatch(output.slice(before.length), /error|exception|traceback/i);
      });

      it('says at its start that a key is missing or refused; what needs that key is a page "not available"', async () => {
        const missing = startStarter(starter, server, { TRUST_SERVICE_KEY_FILE: 'nowhere/service-key' });
        await assert.rejects(missing, /No service key at nowhere\/service-key\. Start the Trust Layer first/);

        app = await startStarter(starter, server, { TRUST_ORDERS_KEY: server.serviceKey.replace(/.{4}$/, 'AAAA') });
        await signUp();
        const answer = await page.goto(`${app.url}/orders`);
        assert.equal(answer?.status(), 503);
        await page.getByRole('heading', { name: 'Not available at the moment' }).waitFor();
        const said = `Cannot use the Trust Layer at ${server.grpcAddress}: SERVICE_KEY_REJECTED (UNAUTHENTICATED)`;
        assert.ok(app.output().includes(said), app.output());
        assert.doesNotMatch(app.output(), SECRETS);
      });
    });
  }

  it('the starters look the same', () => {
    const [express, ...others] = [
      'express/public/app.css',
      'fastapi/src/trust_layer_starter/public/app.css',
      'go/public/app.css',
    ].map((path) => readFileSync(`starters/${path}`, 'utf8'));
    for (const css of others) assert.equal(css, express);
  });
});
