import { type Config, ConfigError, readConfig } from '../config/config.ts';
import { configText, describeConfig } from '../config/describe.ts';
import type { CliIo } from './actions.ts';
import { Silent } from './exit.ts';

/** Prints every setting with its value in force. Fails when the environment could not start a server, and says why. */
export function showConfig(flags: { readonly dev?: boolean; readonly json?: boolean }, io: CliIo): void {
  let config: Config | undefined;
  let problems: readonly string[] = [];
  try {
    config = readConfig(io.env, { dev: flags.dev === true });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems = error.problems;
  }
  const settings = describeConfig(io.env, config);
  if (flags.json === true) {
    io.out(`${JSON.stringify({ settings, problems })}\n`);
  } else {
    io.out(`${configText(settings)}\n`);
    if (problems.length > 0)
      io.err(`\nThe server would not start:\n${problems.map((problem) => `  ${problem}\n`).join('')}`);
  }
  if (problems.length > 0) throw new Silent('configuration');
}
