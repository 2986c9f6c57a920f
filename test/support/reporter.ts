// Prints each suite's failures as mocha's spec reporter does, names them once more, and closes with the line that CI counts.
import { createRequire } from 'node:module';
import type { MochaOptions, Runner } from 'mocha';

const { Spec } = (createRequire(import.meta.url)('mocha') as typeof import('mocha')).reporters;

export default class CountingReporter extends Spec {
  constructor(runner: Runner, options?: MochaOptions) {
    super(runner, options);
    const failed: string[] = [];
    runner.on('fail', (test, error: { message?: string }) => {
      failed.push(`FAILED ${test.fullTitle()} - ${(error.message ?? '').split('\n')[0]}`);
    });
    runner.once('end', () => {
      const { passes, failures, pending } = this.stats;
      for (const line of failed) console.log(line);
      console.log(`${passes} passed, ${failures} failed, ${pending} skipped`);
    });
  }
}
