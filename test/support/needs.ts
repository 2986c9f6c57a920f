import assert from 'node:assert/strict';
import type { Context } from 'mocha';
import { postgresAbsence } from './postgres.ts';

/** Skips a test where there is no PostgreSQL, and says so; under CI it fails. */
export function needsPostgres(test: Context): void {
  const absence = postgresAbsence();
  if (absence === undefined) return;
  assert.notEqual(process.env.CI, 'true', absence);
  console.log(`      skipped: ${absence}`);
  test.skip();
}
