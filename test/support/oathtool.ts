// An authenticator app that is not our library: oathtool of the OATH Toolkit.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import type { Context } from 'mocha';

/** The code of a base32 secret at an instant in milliseconds. */
export function oathCode(secret: string, at: number): string {
  const now = `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  const { status, stdout, stderr } = spawnSync('oathtool', ['--totp', '--base32', '--now', now, secret], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return stdout.trim();
}

/** Skips a test where there is no oathtool, and says so; under CI it fails. */
export function needsOathtool(test: Context): void {
  if (spawnSync('oathtool', ['--version']).status === 0) return;
  assert.notEqual(process.env.CI, 'true', 'oathtool is not installed');
  console.log('      skipped: oathtool is not installed');
  test.skip();
}
