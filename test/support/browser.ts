import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const EXECUTABLE = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

const ARGUMENTS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts Chromium for a suite; where there is none, the suite is skipped with the reason, except under CI, where that fails. */
export async function launchBrowser(context: Mocha.Context): Promise<Browser> {
  if (!existsSync(EXECUTABLE)) {
    const reason = `no Chromium at ${EXECUTABLE} (apt-get install chromium, or set CHROMIUM_PATH)`;
    if (process.env.CI === 'true') throw new Error(reason);
    console.log(`    skipped: ${reason}`);
    context.skip();
  }
  return chromium.launch({ executablePath: EXECUTABLE, args: ARGUMENTS });
}
