// What a benchmark gives, and how it is shown.
import { availableParallelism, cpus } from 'node:os';

/** One line of a table. All rows of a report have the same columns. */
export type Row = Readonly<Record<string, string | number>>;

export type Report = {
  readonly rows: readonly Row[];
  /** What to know when reading the figures. */
  readonly notes?: readonly string[];
  /** Whether what must hold does not: then the command fails. */
  readonly failed?: boolean;
};

export type Options = {
  /** Shorter and fewer rounds: to see that it works. */
  readonly quick: boolean;
  /** What stands behind the name on the command line. */
  readonly args: readonly string[];
};

/** Tells on standard error what goes on. */
export function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Where the figures were taken. */
export function machine(): Row {
  const [cpu] = cpus();
  return { cpu: cpu?.model.trim() ?? 'unknown', cores: availableParallelism(), node: process.version };
}

export function table(rows: readonly Row[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const cells = rows.map((row) => columns.map((column) => shown(row[column])));
  const widths = columns.map((column, at) => Math.max(column.length, ...cells.map((line) => line[at]?.length ?? 0)));
  const numeric = columns.map((column) => rows.every((row) => typeof row[column] !== 'string' || row[column] === ''));
  const line = (words: readonly string[]) =>
    words
      .map((word, at) => (numeric[at] ? word.padStart(widths[at] ?? 0) : word.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd();
  const rule = line(widths.map((width) => '-'.repeat(width)));
  return [line(columns), rule, ...cells.map(line)].join('\n');
}

function shown(value: string | number | undefined): string {
  return typeof value === 'number' ? value.toLocaleString('en-US', { maximumFractionDigits: 3 }) : (value ?? '');
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** Three digits that count. */
export const rounded = (value: number) => (value >= 1_000 ? Math.round(value) : Number(value.toPrecision(3)));
