import type { CliActions, CliIo, CopyResult, CopyTold } from './actions.ts';
import { Silent, UsageError } from './exit.ts';

export type CopyFlags = {
  readonly from: string;
  readonly to: string;
  readonly overwrite?: boolean;
  readonly resume?: boolean;
  readonly follow?: boolean;
  readonly json?: boolean;
};

/** Copies, tells how far it has come on standard error, and at the end on standard output what is there. */
export async function copy(flags: CopyFlags, actions: CliActions, io: CliIo): Promise<void> {
  const { overwrite = false, resume = false, follow = false, json } = flags;
  if (overwrite && resume) throw new UsageError('--overwrite begins anew and --resume goes on: only one of them.');
  const [from, to] = [urlOf('--from', flags.from, io), urlOf('--to', flags.to, io)];
  const target = overwrite ? 'overwrite' : resume ? 'resume' : 'empty';
  const shown = io.tty === true ? bar(io) : lines(io);
  const result = await actions.copy({ from, to, target, follow, tell: shown.tell }).finally(shown.end);
  if (json === true) io.out(`${JSON.stringify(result)}\n`);
  else io.out(result.finished ? finishedText(result) : STOPPED);
  if (!result.finished && !follow) throw new Silent('stopped');
}

const STOPPED =
  'Stopped. Once nothing writes to --from any more, the same command with --resume in place of --follow copies the rest and checks it.\n';

/** A URL as given, or the value of the variable that `env:NAME` names, so that no password stands in a list of processes. */
function urlOf(flag: string, given: string, io: CliIo): string {
  const [, name] = /^env:(.+)$/.exec(given) ?? [];
  if (name === undefined) return given;
  const value = io.env[name];
  if (value === undefined || value === '')
    throw new UsageError(`${flag} names the variable ${name}, which is not set.`);
  return value;
}

function finishedText({ from, to, tables }: CopyResult): string {
  const rows = tables.map(({ table, source, target }) => [
    table,
    count(source.rows),
    count(target.rows),
    `${source.checksum.slice(0, 16)}${source.checksum === target.checksum ? ' =' : ' ≠'}`,
  ]);
  const text = [['table', from, to, 'checksum'], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...text.map((row) => row[column]?.length ?? 0)));
  const table = text.map(([name = '', a = '', b = '', sum = '']) =>
    `${name.padEnd(widths[0] ?? 0)}  ${a.padStart(widths[1] ?? 0)}  ${b.padStart(widths[2] ?? 0)}  ${sum}`.trimEnd(),
  );
  const total = tables.reduce((sum, { target }) => sum + target.rows, 0);
  return `${table.join('\n')}

Both hold the same ${count(total)} rows. Sessions, keys and passwords stay valid for servers with the same TRUST_MASTER_KEY and
TRUST_PUBLIC_URL: neither is in a database, so take both along.
`;
}

const count = (value: number) => value.toLocaleString('en-US');

type Shown = { readonly tell: (told: CopyTold) => void; readonly end: () => void };

function passText({ pass, differences, ms }: Extract<CopyTold, { at: 'pass' }>): string {
  const seconds = (ms / 1_000).toFixed(1);
  if (differences === 0) return `Pass ${pass}: nothing differs (${seconds} s).\n`;
  return `Pass ${pass}: ${count(differences)} ${differences === 1 ? 'row' : 'rows'} written or removed (${seconds} s).\n`;
}

/** One line a table and a pass. */
function lines(io: CliIo): Shown {
  let last = '';
  return {
    tell: (told) => {
      if (told.at === 'pass') return io.err(passText(told));
      const { pass, table, rows, of } = told;
      const line = `Pass ${pass}: ${table}, ${count(rows)} of ${count(of)} rows\n`;
      // Each quarter of a large table, and the end of each.
      const mark = rows >= of ? 'end' : String(Math.floor((4 * rows) / of));
      const name = `${pass} ${table} ${mark}`;
      if (pass === 1 && name !== last) io.err(line);
      last = name;
    },
    end: () => {},
  };
}

const BAR = 30;

/** A bar that is drawn over itself. */
function bar(io: CliIo): Shown {
  let drawn = false;
  const clear = () => {
    if (drawn) io.err('\r\x1b[2K');
    drawn = false;
  };
  return {
    tell: (told) => {
      clear();
      if (told.at === 'pass') return io.err(passText(told));
      const { pass, table, rows, of } = told;
      const part = of === 0 ? Number(rows === 0) : Math.min(1, rows / of);
      const full = Math.round(part * BAR);
      io.err(
        `Pass ${pass}  [${'#'.repeat(full)}${'.'.repeat(BAR - full)}] ${String(Math.round(100 * part)).padStart(3)} %  ${table} ${count(rows)}`,
      );
      drawn = true;
    },
    end: clear,
  };
}
