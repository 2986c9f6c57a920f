import { type ChainedEvent, linkOf } from './chain.ts';
import { type Checkpoint, claimsOf, type ReadCheckpoint } from './checkpoint.ts';
import type { ChainStore } from './store.ts';
import { allCheckpoints, auditor, chainedEvents, type TenantReport } from './verify_chain.ts';

// One JSON object a line, its members in the order of RFC 8785 (spec AUD-9): a head, then events, and after an event the checkpoint of its place.
type Head = { readonly checkpoint: string; readonly cut: string; readonly tenant_id: string; readonly trust_audit: 1 };

const checkpointLine = (token: string) => JSON.stringify({ checkpoint: token });

/** A link without what the line before says, and with its hash. */
function eventLine(event: ChainedEvent): string {
  const { action, actor, at, facts, ...rest } = linkOf(event, event.seq, '');
  const { id, identity_id, seq, subject, tenant_id } = rest;
  return JSON.stringify({ action, actor, at, facts, hash: event.hash, id, identity_id, seq, subject, tenant_id });
}

/** The chain of a tenant as lines. Rejects if its beginning is cut off meanwhile. */
export async function* exportChain(
  chain: Pick<ChainStore, 'checkpoints' | 'chained'>,
  tenantId: string,
): AsyncGenerator<string> {
  const checkpoints = await allCheckpoints(chain, tenantId);
  const head = checkpoints.at(-1);
  if (head === undefined) throw new Error(`No event of tenant ${tenantId} is chained yet.`);
  const cut = checkpoints.find(({ kind }) => kind === 'cut');
  const seals = new Map(checkpoints.flatMap(({ kind, seq, token }) => (kind === 'seal' ? [[seq, token]] : [])));
  yield JSON.stringify({
    checkpoint: head.token,
    cut: cut?.token ?? '',
    tenant_id: tenantId,
    trust_audit: 1,
  } satisfies Head);
  for await (const event of chainedEvents(chain)) {
    if (event.tenantId !== tenantId) continue;
    if (event.seq > head.seq) break;
    yield eventLine(event);
    const token = seals.get(event.seq);
    if (token !== undefined) yield checkpointLine(token);
  }
  const [first] = await chain.checkpoints(tenantId, undefined, 1);
  if (first?.kind === 'cut' && first.token !== cut?.token)
    throw new Error('Events were deleted for their age while they were exported: do it again.');
}

/** Lines of an export, from its first one each time it is asked. */
export type Lines = () => AsyncIterable<string>;

/** Checks an export. Whatever is not exactly as it was exported is the first bad row. */
export async function verifyExport(
  lines: Lines,
  read: ReadCheckpoint,
  anchors: readonly string[] = [],
): Promise<readonly TenantReport[]> {
  const { head, checkpoints, ends } = await readCheckpoints(lines);
  const { tenant_id: tenantId } = head;
  const audit = auditor({ read, checkpoints, now: async () => [], anchors });
  let seq = claimsOf(head.cut)?.seq ?? 0;
  for await (const line of skipFirst(lines())) {
    if (isCheckpoint(line)) continue;
    const event = eventOf(line, tenantId);
    // What cannot be read stands where the next event belongs.
    const damaged = {
      tenantId,
      id: '',
      at: 0,
      action: '',
      actor: '',
      identityId: '',
      subject: '',
      facts: '',
      hash: '',
    };
    seq = event?.seq ?? seq + 1;
    await audit.event(event ?? { ...damaged, seq });
  }
  const reports = await audit.end();
  // The file ends where its head says: with the checkpoint that is in both.
  return reports.map((report) => {
    const bad = { problem: 'checkpoint', seq: report.last, id: '', since: report.last } as const;
    return ends || report.bad !== undefined ? report : { ...report, bad };
  });
}

const isCheckpoint = (line: string) => line.startsWith('{"checkpoint":');

async function* skipFirst(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let first = true;
  for await (const line of lines) {
    if (!first) yield line;
    first = false;
  }
}

/** Head and checkpoints. One that does not follow the event of its place says nothing. */
async function readCheckpoints(lines: Lines) {
  let head: Head | undefined;
  let seq = 0;
  let last = '';
  const checkpoints: Checkpoint[] = [];
  for await (const line of lines()) {
    if (head === undefined) {
      head = headOf(line);
      const { tenant_id: tenantId, cut } = head;
      if (cut !== '') checkpoints.push({ tenantId, kind: 'cut', seq: claimsOf(cut)?.seq ?? 0, token: cut });
      seq = claimsOf(cut)?.seq ?? 0;
    } else if (isCheckpoint(line)) {
      const token = String(memberOf(line, 'checkpoint'));
      const claimed = claimsOf(token)?.seq ?? seq;
      const fits = checkpointLine(token) === line && !isCheckpoint(last) && claimed === seq;
      checkpoints.push({ tenantId: head.tenant_id, kind: 'seal', seq: claimed, token: fits ? token : '' });
    } else seq = eventOf(line, head.tenant_id)?.seq ?? seq + 1;
    last = line;
  }
  if (head === undefined) throw new Error(NO_EXPORT);
  const { checkpoint, cut, tenant_id: tenantId } = head;
  // All events may have been cut off; then the head is the cut.
  const ends = last === checkpointLine(checkpoint) || (checkpoint === cut && checkpoints.length === 1);
  const claims = claimsOf(checkpoint);
  const of = { tenantId, kind: claims?.kind ?? 'seal', seq: claims?.seq ?? seq, token: checkpoint } as const;
  return { head, checkpoints: [...checkpoints, of], ends };
}

const NO_EXPORT = 'The file is no export of an audit trail: its first line is not the head of one.';

function headOf(line: string): Head {
  const names = ['checkpoint', 'cut', 'tenant_id'] as const;
  const [checkpoint, cut, tenant_id] = names.map((name) => String(memberOf(line, name)));
  const head = { checkpoint: checkpoint ?? '', cut: cut ?? '', tenant_id: tenant_id ?? '', trust_audit: 1 } as const;
  if (JSON.stringify(head) !== line) throw new Error(NO_EXPORT);
  return head;
}

function memberOf(line: string, name: string): unknown {
  try {
    return JSON.parse(line)[name];
  } catch {
    return undefined;
  }
}

/** The event of a line; undefined unless the line is, byte for byte, what would be exported for it. */
function eventOf(line: string, tenantId: string): ChainedEvent | undefined {
  try {
    const { facts, identity_id: identityId, ...rest } = JSON.parse(line);
    const event = { ...rest, identityId, tenantId, facts: typeof facts === 'string' ? facts : JSON.stringify(facts) };
    return eventLine(event) === line ? event : undefined;
  } catch {
    return undefined;
  }
}
