// Everything that is asked of every SDK, what came of it, and the table of it.
import { readFileSync } from 'node:fs';
import { play, type Target } from './play.ts';
import type { ProbePool } from './probe.ts';
import { loadScenarios } from './scenario.ts';
import { vectorExams } from './vectors.ts';

export interface Exam {
  readonly feature: string;
  readonly name: string;
  /** Throws an Error that says what was not as expected. */
  run(pool: ProbePool, target: Target): Promise<void>;
}

export interface Outcome {
  readonly sdk: string;
  readonly feature: string;
  readonly name: string;
  /** What was not as expected; absent if all was. */
  readonly failure?: string;
  /** Why a failure is excused; absent if it is not. */
  readonly known?: string;
}

export interface KnownFailure {
  readonly sdk: string;
  readonly feature: string;
  readonly name: string;
  readonly why: string;
}

export const allExams = (): Exam[] => [...vectorExams(), ...scenarioExams()];

/** Those in which a server has a part. */
export function scenarioExams(): Exam[] {
  return loadScenarios().map((one) => ({
    feature: one.feature,
    name: one.name,
    run: async (pool: ProbePool, target: Target) => void (await play(one, pool, target)),
  }));
}

export function readKnownFailures(): KnownFailure[] {
  return JSON.parse(readFileSync(new URL('known_failures.json', import.meta.url), 'utf8')) as KnownFailure[];
}

export async function examine(
  exam: Exam,
  sdk: string,
  pool: ProbePool,
  target: Target,
  known: readonly KnownFailure[],
): Promise<Outcome> {
  const { feature, name } = exam;
  const failure = await exam.run(pool, target).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  return judge({ sdk, feature, name, ...(failure === undefined ? {} : { failure }) }, known);
}

/** Excuses a listed failure, and makes a failure of a listed one that passes. */
export function judge(outcome: Outcome, known: readonly KnownFailure[]): Outcome {
  const { sdk, feature, name, failure } = outcome;
  const listed = known.find((one) => one.sdk === sdk && one.feature === feature && one.name === name);
  if (!listed) return outcome;
  if (failure !== undefined) return { ...outcome, known: listed.why };
  return { ...outcome, failure: 'passes, but is listed in known_failures.json: take it off the list' };
}

export const isFailed = ({ failure, known }: Outcome): boolean => failure !== undefined && known === undefined;

/** Features by SDKs: passed / asked, with failures marked. */
export function table(outcomes: readonly Outcome[], sdks: readonly string[]): string {
  const features = [...new Set(outcomes.map((outcome) => outcome.feature))];
  const cell = (of: readonly Outcome[]): string => {
    if (of.length === 0) return '-';
    const failed = of.filter(isFailed).length;
    const excused = of.filter(({ known }) => known !== undefined).length;
    const passed = of.length - failed - excused;
    const notes = [failed > 0 ? `${failed} FAILED` : '', excused > 0 ? `${excused} known` : '']
      .filter(Boolean)
      .join(', ');
    return `${passed}/${of.length}${notes ? ` ${notes}` : ''}`;
  };
  const row = (label: string, chosen: readonly Outcome[]) => [
    label,
    ...sdks.map((sdk) => cell(chosen.filter((one) => one.sdk === sdk))),
  ];
  const rows = [
    ['scenario', ...sdks],
    ...features.map((feature) =>
      row(
        feature,
        outcomes.filter((one) => one.feature === feature),
      ),
    ),
    row('all', outcomes),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0))) ?? [];
  return rows
    .map((cells) =>
      cells
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
