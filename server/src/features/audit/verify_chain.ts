import type { Instant } from '../../kernel/clock.ts';
import { CHAIN_START, type ChainedEvent, hashOf, type Place } from './chain.ts';
import { type Checkpoint, claimsOf, type ReadCheckpoint, type Statement } from './checkpoint.ts';
import type { ChainStore } from './store.ts';

/**
 * What is wrong at the first place of a chain where something is.
 * `changed`: the event, its place or its hash is not what was chained. `missing`: there is no event. `extra`: another event has the place already.
 * `unsigned`: the chain goes on behind its last checkpoint. `rewritten`: up to here the chain is consistent, but another than was signed.
 * `checkpoint`: the checkpoint of this place is missing, not signed by the audit key, or kept as another one.
 */
export type Problem = 'changed' | 'missing' | 'extra' | 'unsigned' | 'rewritten' | 'checkpoint';

export type BadRow = {
  readonly problem: Problem;
  readonly seq: number;
  /** Of the event; empty where there is none. */
  readonly id: string;
  /** The last place before it that was found as it was signed. */
  readonly since: number;
};

export type TenantReport = {
  readonly tenantId: string;
  /** How many events were found as they were written, and where they begin and end. */
  readonly events: number;
  readonly first: number;
  readonly last: number;
  /** How many checkpoints agree with them. */
  readonly checkpoints: number;
  /** Up to here events were deleted for their age; 0 if none were. */
  readonly cutAt: number;
  /** When the newest checkpoint was signed. */
  readonly sealedAt: Instant | undefined;
  readonly bad: BadRow | undefined;
};

/** Follows chains event by event, in the order of their places, and stops in each at the first that is wrong (spec AUD-8). */
export type Auditor = {
  event(event: ChainedEvent): Promise<void>;
  end(): Promise<readonly TenantReport[]>;
};

type Chain = {
  last: Place;
  signed: number;
  events: number;
  first: number;
  cutAt: number;
  /** Where a cut that came while reading has moved on to. */
  skipped: number;
  head: number;
  sealedAt: Instant | undefined;
  bad: BadRow | undefined;
  readonly seals: Map<number, Statement>;
  readonly met: Set<number>;
  /** Checkpoints that say nothing. */
  readonly broken: Set<number>;
};

/**
 * Checks against the checkpoints that were there before the first event was read. `now` gives those of a tenant as they are when an event
 * does not fit them: it may have been sealed, or those before it cut, since. `anchors` are checkpoints of former times, kept elsewhere.
 */
export function auditor(deps: {
  readonly read: ReadCheckpoint;
  readonly checkpoints: readonly Checkpoint[];
  readonly now: (tenantId: string) => Promise<readonly Checkpoint[]>;
  readonly anchors?: readonly string[];
}): Auditor {
  const chains = new Map<string, Chain>();
  take(chains, deps.read, deps.checkpoints);
  for (const chain of chains.values()) chain.skipped = 0;
  for (const token of deps.anchors ?? []) takeAnchor(chains, deps.read, token);
  const refresh = async (tenantId: string) => take(chains, deps.read, await deps.now(tenantId));

  return {
    async event(event) {
      const { tenantId, seq, id } = event;
      const chain = chainOf(chains, tenantId);
      if (chain.bad !== undefined) return;
      if (seq > chain.last.seq + 1 || seq > chain.head) await refresh(tenantId);
      if (seq <= chain.skipped) return;
      if (seq <= chain.last.seq) return spoil(chain, 'extra', seq, id);
      if (seq > chain.last.seq + 1) return gap(chain, seq - 1);
      if (seq > chain.head) return spoil(chain, 'unsigned', seq, id);
      if (hashOf(event, seq, chain.last.hash) !== event.hash) return spoil(chain, 'changed', seq, id);
      if (chain.events === 0) chain.first = seq;
      chain.events += 1;
      chain.last = { seq, hash: event.hash };
      meet(chain, event);
    },

    async end() {
      for (const [tenantId, chain] of chains) {
        if (chain.bad === undefined && chain.last.seq < chain.head) await refresh(tenantId);
        if (chain.last.seq < chain.head) gap(chain, chain.head);
      }
      return [...chains].map(([tenantId, { last, events, first, met, cutAt, sealedAt, bad }]) => {
        return { tenantId, events, first, last: last.seq, checkpoints: met.size, cutAt, sealedAt, bad };
      });
    },
  };
}

function chainOf(chains: Map<string, Chain>, tenantId: string): Chain {
  const known = chains.get(tenantId);
  if (known !== undefined) return known;
  const none = { signed: 0, events: 0, first: 0, cutAt: 0, skipped: 0, head: 0, sealedAt: undefined, bad: undefined };
  const made = { ...none, last: CHAIN_START, seals: new Map(), met: new Set<number>(), broken: new Set<number>() };
  chains.set(tenantId, made);
  return made;
}

function spoil(chain: Chain, problem: Problem, seq: number, id = ''): void {
  chain.bad ??= { problem, seq, id, since: chain.signed };
}

/** No event follows, up to this place. Where a checkpoint says nothing up to which they were cut, or that is the last, that is why. */
function gap(chain: Chain, upTo: number): void {
  const next = chain.last.seq + 1;
  const broken = [...chain.broken].filter((seq) => seq >= next && seq <= upTo).sort((a, b) => a - b)[0];
  const signed = [...chain.seals.keys()].some((seq) => seq >= next);
  if (broken !== undefined && (broken === upTo || !signed)) spoil(chain, 'checkpoint', broken);
  else spoil(chain, 'missing', next);
}

/** An event in a place that a checkpoint speaks of. */
function meet(chain: Chain, { seq, id, hash }: ChainedEvent): void {
  const seal = chain.seals.get(seq);
  if (chain.broken.has(seq)) spoil(chain, 'checkpoint', seq, id);
  if (seal === undefined) return;
  if (seal.hash !== hash) spoil(chain, 'rewritten', seq, id);
  if (seal.since > chain.cutAt && !chain.met.has(seal.since)) spoil(chain, 'checkpoint', seal.since);
  if (chain.bad !== undefined) return;
  chain.signed = seq;
  chain.met.add(seq);
}

function take(chains: Map<string, Chain>, read: ReadCheckpoint, checkpoints: readonly Checkpoint[]): void {
  for (const checkpoint of checkpoints) {
    const { tenantId, seq, kind } = checkpoint;
    const chain = chainOf(chains, tenantId);
    const statement = read(checkpoint);
    if (statement === undefined) chain.broken.add(seq);
    else if (kind === 'seal') chain.seals.set(seq, statement);
    else if (seq > chain.last.seq) Object.assign(chain, { last: statement, signed: seq, cutAt: seq, skipped: seq });
    else chain.cutAt = Math.max(chain.cutAt, seq);
    if (statement !== undefined && seq >= chain.head) chain.sealedAt = statement.at;
    chain.head = Math.max(chain.head, seq);
  }
}

function takeAnchor(chains: Map<string, Chain>, read: ReadCheckpoint, token: string): void {
  const claims = claimsOf(token);
  const anchor = claims && read({ ...claims, token });
  if (anchor === undefined) throw new Error('A checkpoint that was kept elsewhere is not signed by the audit key.');
  const chain = chainOf(chains, anchor.tenantId);
  // Older than the beginning of the chain: nothing is left to compare it with.
  if (anchor.seq <= chain.cutAt) return;
  const seal = chain.seals.get(anchor.seq);
  if (seal !== undefined && seal.hash !== anchor.hash) spoil(chain, 'rewritten', anchor.seq);
  // It may have been superseded, and so may the one that it follows.
  chain.seals.set(anchor.seq, { ...anchor, since: seal?.since ?? 0 });
  chain.head = Math.max(chain.head, anchor.seq);
}

const PER_PAGE = 1_000;

/** All checkpoints of a tenant, or of all tenants. */
export async function allCheckpoints(chain: Pick<ChainStore, 'checkpoints'>, tenantId?: string) {
  const all: Checkpoint[] = [];
  for (;;) {
    const page = await chain.checkpoints(tenantId, all.at(-1), PER_PAGE);
    all.push(...page);
    if (page.length < PER_PAGE) return all;
  }
}

/** Chained events of all tenants, in the order of their places. */
export async function* chainedEvents(chain: Pick<ChainStore, 'chained'>): AsyncGenerator<ChainedEvent> {
  // Places begin at 1: one below has been written by somebody else, and is looked at too.
  let after = { seq: Number.MIN_SAFE_INTEGER, tenantId: '' };
  for (;;) {
    const page = await chain.chained(after, PER_PAGE);
    yield* page;
    const last = page.at(-1);
    if (last === undefined) return;
    after = { seq: last.seq, tenantId: last.tenantId };
  }
}

/** Checks what a database holds, while it is served or not. */
export async function verifyStored(deps: {
  readonly chain: Pick<ChainStore, 'checkpoints' | 'chained'>;
  readonly read: ReadCheckpoint;
  readonly anchors?: readonly string[];
}): Promise<readonly TenantReport[]> {
  const { chain, read, anchors = [] } = deps;
  const now = (tenantId: string) => allCheckpoints(chain, tenantId);
  const audit = auditor({ read, checkpoints: await allCheckpoints(chain), now, anchors });
  for await (const event of chainedEvents(chain)) await audit.event(event);
  return await audit.end();
}
