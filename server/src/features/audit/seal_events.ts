import type { Clock, Instant, Span } from '../../kernel/clock.ts';
import type { Timer } from '../../kernel/timer.ts';
import { CHAIN_START, type ChainedEvent, hashOf, type Place } from './chain.ts';
import { type AuditSigner, type Checkpoint, checkpointReader, type ReadCheckpoint, statementOf } from './checkpoint.ts';
import type { ChainStore } from './store.ts';

/** Events that are chained in one transaction. */
const EVENTS_PER_SEALING = 200;
/** A turn ends after so many transactions, and goes on with the next one. */
const SEALINGS_PER_TURN = 50;
/** Of the checkpoints in a block of so many places one stays. */
const BLOCK = 128;

const blockOf = (seq: number) => Math.floor(seq / BLOCK);

type Deps = { readonly chain: ChainStore; readonly signer: AuditSigner; readonly clock: Clock };

/** Chains events that were written (spec AUD-3). Called every second by every node; one of them does it. Answers how many it chained. */
export type SealEvents = () => Promise<number>;

export function sealEvents(
  deps: Deps & {
    /** A clock that is never set; milliseconds from any start. */
    readonly monotonic: Clock;
    readonly timer: Timer;
  },
): SealEvents {
  const { chain, signer, clock, monotonic, timer } = deps;
  const read = checkpointReader([signer.jwk]);
  const rest = (span: Span) => new Promise<void>((done) => timer(span, done));

  const batch = () =>
    chain.seal(EVENTS_PER_SEALING, (tenantId, newest, events) => {
      // The signed head, not the last row: what was deleted behind it is missed for good.
      const head = newest.flatMap((one) => statementOf(one) ?? [])[0];
      const end = (head?.seq ?? 0) + events.length;
      const superseded = newest.find((one) => one.seq === head?.seq && isSuperseded(one, end, read));
      const places: Place[] = [];
      let last: Place = head ?? CHAIN_START;
      for (const event of events) {
        const seq = last.seq + 1;
        last = { seq, hash: hashOf(event, seq, last.hash) };
        places.push(last);
      }
      const since = (superseded === undefined ? head?.seq : head?.since) ?? 0;
      return { places, checkpoint: signer.sign({ ...last, tenantId, kind: 'seal', at: clock(), since }), superseded };
    });

  return async () => {
    let sealed = 0;
    for (let turn = 0; turn < SEALINGS_PER_TURN; turn += 1) {
      const begun = monotonic();
      const events = await batch();
      sealed += events;
      if (events < EVENTS_PER_SEALING) break;
      // Writers come between, as long as it took.
      await rest(monotonic() - begun);
    }
    return sealed;
  };
}

/** Whether the head is not needed any more beside one at `end`. A checkpoint that cannot be read stays: it is evidence. */
const isSuperseded = (head: Checkpoint, end: number, read: ReadCheckpoint): boolean =>
  head.kind === 'seal' && blockOf(head.seq) === blockOf(end) && read(head) !== undefined;

/**
 * Deletes events for their age: whole pieces of the chain that end with a checkpoint, once all in them is old enough and nothing in them was
 * changed (spec AUD-7). Answers how many it deleted.
 */
export function cutEvents({ chain, signer, clock }: Deps): (before: Instant) => Promise<number> {
  const read = checkpointReader([signer.jwk]);
  return (before) =>
    chain.cut(before, (checkpoints, rows) => {
      const cut = checkpoints.find(({ kind }) => kind === 'cut');
      const from = cut === undefined ? CHAIN_START : read(cut);
      const end = checkpoints.find(({ kind, seq }) => kind === 'seal' && seq > (from?.seq ?? 0));
      const seal = end && read(end);
      if (from === undefined || seal === undefined) return undefined;
      const piece = rows.filter(({ seq }) => seq <= seal.seq);
      if (piece.some(({ at }) => at >= before) || !isWhole(piece, from, seal)) return undefined;
      return signer.sign({ ...seal, kind: 'cut', at: clock() });
    });
}

/** Whether events lead from one place to another without a gap. */
function isWhole(events: readonly ChainedEvent[], from: Place, to: Place): boolean {
  let last = from;
  for (const event of events) {
    if (event.seq !== last.seq + 1 || hashOf(event, event.seq, last.hash) !== event.hash) return false;
    last = event;
  }
  return last.seq === to.seq && last.hash === to.hash;
}
