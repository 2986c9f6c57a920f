import { type Instant, SECOND, type Span } from '../../kernel/clock.ts';
import type { FeedRow, Gap, GapRead } from './store.ts';

/**
 * How long a position that was passed over is looked for: longer than any permitted transaction. The longest is that of PostgreSQL: COMMIT is
 * said at most 10 s after BEGIN, and comes at most 5 s after the statement before it.
 */
export const OVERLAP: Span = 20 * SECOND;

/** At most so many gaps are looked into. Beyond them the place in the feed is given up: there is no telling any more what was missed. */
const MAX_GAPS = 2_000;

type OpenGap = Gap & {
  readonly noticedAt: Instant;
  /** Above the numbers of all writers that may fill it; undefined until it was looked into. */
  readonly below: number | undefined;
};

/** What of the feed has been read: everything up to `end` but for the gaps. */
export type FeedWindow = {
  readonly end: number;
  readonly gaps: readonly Gap[];
  /** False once more is missing than is kept in mind. */
  readonly whole: boolean;
  /** Takes rows read after `end`; answers those that are new. `now` is an instant after the read, by a clock that never leads. */
  take(rows: readonly FeedRow[], now: Instant): readonly FeedRow[];
  /** Takes a look into gaps; answers what is new. `now` is an instant before the look, by the same clock. `all` is false if more rows are there to be read. */
  fill(read: Omit<GapRead, 'databaseTime'>, now: Instant, all: boolean): readonly FeedRow[];
};

/**
 * Positions rise, but rows commit out of order: what is passed over may come later. Reading an overlap again and dropping what was seen comes to
 * the same as looking into the gaps alone, at the cost of the gaps alone. A gap is given up when it has been open for OVERLAP, and every
 * writer that had begun when it was noticed has ended: the second holds even where a COMMIT hangs in a disk for longer than any time-out.
 * Where rows commit in the order of their positions, nothing comes later into any gap.
 */
export function feedWindow(start: number): FeedWindow {
  let end = start;
  let gaps: readonly OpenGap[] = [];

  return {
    get end() {
      return end;
    },
    get gaps() {
      return gaps;
    },
    get whole() {
      return gaps.length <= MAX_GAPS;
    },
    take(rows, noticedAt) {
      const fresh = rows.filter(({ position }) => position > end);
      const noticed: OpenGap[] = [];
      for (const { position } of fresh) {
        if (position > end + 1) noticed.push({ from: end + 1, to: position - 1, noticedAt, below: undefined });
        end = position;
      }
      if (noticed.length > 0) gaps = [...gaps, ...noticed];
      return fresh;
    },
    fill({ rows, oldest, next }, now, all) {
      const fresh: FeedRow[] = [];
      const ordered = next === 0;
      let left = gaps;
      for (const row of rows) {
        const { position } = row;
        const gap = left.find(({ from, to }) => from <= position && position <= to);
        if (gap === undefined) continue;
        fresh.push(row);
        const parts = [
          { ...gap, to: position - 1 },
          { ...gap, from: position + 1 },
        ];
        left = [...left.filter((each) => each !== gap), ...parts.filter(({ from, to }) => from <= to)];
      }
      gaps = left
        .filter(
          ({ noticedAt, below }) =>
            !all || (!ordered && (below === undefined || oldest < below || now - noticedAt < OVERLAP)),
        )
        .map((gap) => (gap.below === undefined ? { ...gap, below: next } : gap));
      return fresh;
    },
  };
}
