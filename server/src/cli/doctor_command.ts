import { styleText } from 'node:util';
import type { CliActions, CliIo, DoctorResult } from './actions.ts';
import { Silent } from './exit.ts';

/** Looks at the database and says what to do about each finding. Exit code 1 if there is one. */
export async function doctor(
  flags: { readonly dev?: boolean; readonly json?: boolean },
  actions: CliActions,
  io: CliIo,
): Promise<void> {
  const result = await actions.doctor({ dev: flags.dev === true });
  const wrong = result.findings.filter(({ ok }) => !ok).length;
  if (flags.json === true) io.out(`${JSON.stringify({ ...result, ok: wrong === 0 })}\n`);
  else io.out(doctorText(result, wrong, io.tty === true));
  if (wrong > 0) throw new Silent('findings');
}

function doctorText({ database, findings }: DoctorResult, wrong: number, colours: boolean): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const mark = (ok: boolean) => {
    const word = ok ? 'ok' : 'PROBLEM';
    const padded = word.padEnd(7);
    return colours ? styleText(ok ? 'green' : 'red', padded, { validateStream: false }) : padded;
  };
  const lines = findings.flatMap(({ check, ok, found, advice }) => [
    `${mark(ok)}  ${check.padEnd(width)}  ${found}`,
    ...(advice === undefined ? [] : [`${' '.repeat(9)}${' '.repeat(width)}  -> ${advice}`]),
  ]);
  const end =
    wrong === 0
      ? `Nothing is wrong with the database (${database}).`
      : `${wrong} of ${findings.length} checks found something (${database}).`;
  return `${lines.join('\n')}\n\n${end}\n`;
}
