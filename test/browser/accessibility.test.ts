import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { ROUTES } from '../../server/src/http/routes.ts';
import { LANGUAGES } from '../../server/src/kernel/language.ts';
import { launchBrowser } from '../support/browser.ts';
import { callbackApp } from '../support/callback_app.ts';
import { FLOW } from '../support/http_world.ts';
import { type PageServer, pageServer, walkPages } from '../support/page_walk.ts';
import { RpcCaller } from '../support/rpc_caller.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const LOOKS = [
  ['light', { width: 1120, height: 800 }],
  ['dark', { width: 1120, height: 800 }],
  ['dark', { width: 320, height: 640 }],
  ['light', { width: 320, height: 640 }],
] as const;

/** Rows of the table of routes that are no page. */
const NO_PAGE = new Set(['script', 'style', 'icon', 'brand', 'jwks', 'discovery', 'health', 'ready']);

type Finding = {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
};

describe('accessibility of every page', function () {
  this.timeout(600_000);
  let browser: Browser | undefined;
  let server: PageServer;
  let rpc: RpcCaller;
  let app: Awaited<ReturnType<typeof callbackApp>>;
  const asked = new Set<string>();
  const seen = new Map<string, Set<string>>();

  before(async function () {
    browser = await launchBrowser(this);
    server = await pageServer();
    rpc = new RpcCaller(server.grpcAddress, server.serviceKey);
    app = await callbackApp(() => server.publicUrl);
  });
  after(async () => {
    await browser?.close();
    rpc?.close();
    await server?.remove();
    await app?.close();
  });

  /** What is wrong with the page as it stands there, in each look. */
  async function faults(page: Page, name: string, language: string): Promise<string[]> {
    const wrong: string[] = [];
    if ((await page.evaluate('document.documentElement.lang')) !== language) wrong.push(`${name}: lang`);
    await page.evaluate(AXE);
    for (const [colorScheme, viewport] of LOOKS) {
      const look = `${name}, ${colorScheme}, ${viewport.width}`;
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.setViewportSize(viewport);
      const width = Number(await page.evaluate('document.documentElement.scrollWidth'));
      if (width > viewport.width) wrong.push(`${look}: ${width} pixels wide`);
      const run = `axe.run({ runOnly: ${JSON.stringify(RULES)}, resultTypes: ['violations'] }).then((found) => found.violations)`;
      for (const { id, nodes } of (await page.evaluate(run)) as readonly Finding[]) {
        wrong.push(`${look}: ${id} ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
      }
    }
    return wrong;
  }

  for (const language of LANGUAGES) {
    it(`axe finds nothing on any page in ${language}, in light and dark, at 320 and 1120 pixels`, async () => {
      assert.ok(browser);
      const context = await browser.newContext({ locale: language, reducedMotion: 'reduce' });
      const page = await context.newPage();
      const devtools = await context.newCDPSession(page);
      await devtools.send('WebAuthn.enable', { enableUI: false });
      page.on('request', (request) => {
        const url = new URL(request.url());
        if (url.origin === server.publicUrl) asked.add(`${request.method()} ${url.pathname}`);
      });
      const wrong: string[] = [];
      const names = new Set<string>();
      seen.set(language, names);
      const see = async (name: string) => {
        names.add(name);
        wrong.push(...(await faults(page, name, language)));
      };
      await walkPages({ server, rpc, app, context, page, who: language, see });
      await context.close();
      assert.deepEqual(wrong, []);
      assert.ok(names.size >= 20, `only ${names.size} pages were seen`);
    });
  }

  it('no page of the table of routes is left out, and each language saw the same ones', () => {
    const missing = Object.entries(ROUTES).filter(([name, { method, path }]) => {
      if (NO_PAGE.has(name)) return false;
      const pattern = new RegExp(`^${method} ${path.replace(/:\w+\{(.*)\}/, '$1').replace(/:\w+/, '[^/]+')}$`);
      return ![...asked].some((line) => pattern.test(line));
    });
    assert.deepEqual(missing, []);
    const [first, ...others] = [...seen.values()];
    for (const other of others) assert.deepEqual(other, first);
  });

  it('sign-up and sign-in by keyboard alone, in the order of the page, with a mark at whatever has focus', async () => {
    assert.ok(browser);
    const context = await browser.newContext();
    const page = await context.newPage();
    /** Presses Tab; gives what has focus then, once it is seen to be marked. */
    const tab = async () => {
      await page.keyboard.press('Tab');
      const [name, mark] = (await page.evaluate(`(() => {
        const at = document.activeElement;
        const { outlineStyle, outlineWidth } = getComputedStyle(at);
        return [at.name || at.textContent.trim(), outlineStyle === 'solid' && Number.parseFloat(outlineWidth) >= 2];
      })()`)) as [string, boolean];
      assert.ok(mark, `nothing marks ${name}`);
      return name;
    };
    const open = async (path: string) => {
      await page.goto(`${server.publicUrl}${path}?${new URLSearchParams({ ...FLOW, return_to: app.returnTo })}`);
      await page.locator('[name=identifier]:focus').waitFor();
      await page.keyboard.type('keyboard@example.com');
    };
    await open('/sign-up');
    assert.deepEqual([await tab(), await tab()], ['display_name', 'password']);
    await page.keyboard.type('violet-otter-battery');
    assert.deepEqual([await tab(), await tab(), await tab()], ['Create account', 'provider', 'Sign in']);
    assert.deepEqual([await tab(), await tab(), await tab()], ['English', 'Deutsch', 'Français']);
    await page.locator('[name=password]').focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(`${app.origin}/welcome`);
    await open('/sign-in');
    assert.equal(await tab(), 'password');
    await page.keyboard.type('violet-otter-battery');
    const rest = ['Sign in', 'Use a passkey', 'provider', 'Forgot your password?', 'Send me a code instead'];
    for (const name of [...rest, 'Create an account']) assert.equal(await tab(), name);
    for (let back = 0; back < 5; back++) await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Space');
    await page.waitForURL(`${app.origin}/welcome`);
    await context.close();
  });

  it('axe does find what is wrong', async () => {
    assert.ok(browser);
    const page = await browser.newPage();
    await page.setContent('<html lang="en"><main><h1 style="color:#ccc;background:#fff">Pale</h1><input></main>');
    const wrong = await faults(page, 'bad', 'en');
    await page.close();
    assert.ok(wrong.some((line) => line.includes('color-contrast')));
    assert.ok(wrong.some((line) => line.includes('label')));
  });
});
