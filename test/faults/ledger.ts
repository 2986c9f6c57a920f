// What a server acknowledged, written down outside it; and callers that make it acknowledge things until it dies.
import { IdentifierType } from '../../server/src/contract/gen/trust/v1/identity.ts';
import { type Chance, chance, pick } from '../support/message_mutator.ts';
import type { RpcCaller } from '../support/rpc_caller.ts';
import { freshName } from '../support/shared_server.ts';

/** `open`: a call that concerns it was not answered, so both states are right. */
export type State = 'active' | 'ended' | 'open';

export type Ledger = {
  /** By session_id. */
  readonly sessions: Map<string, State>;
  /** Handles of acknowledged sessions, for the audit trail. */
  readonly handles: Set<string>;
  /** Lowest epoch that each acknowledged identity must have; undefined once an unanswered call may have removed it. */
  readonly identities: Map<string, number>;
  /** Identifiers that were signed up, and their password. */
  readonly signedUp: Map<string, string>;
  /** Acknowledged writes. */
  acknowledged: number;
};

export const newLedger = (): Ledger => ({
  sessions: new Map(),
  handles: new Set(),
  identities: new Map(),
  signedUp: new Map(),
  acknowledged: 0,
});

const BATCH = 128;

/** Every entry that the server does not keep, in words. */
export async function broken(ledger: Ledger, rpc: RpcCaller): Promise<string[]> {
  const wrong: string[] = [];
  const known = [...ledger.sessions].filter(([, state]) => state !== 'open');
  for (let from = 0; from < known.length; from += BATCH) {
    const some = known.slice(from, from + BATCH);
    const { verdicts } = await rpc.ok('SessionService', 'batchVerify', { sessionIds: some.map(([id]) => id) });
    some.forEach(([, expected], place) => {
      const found = verdicts[place]?.answer?.$case === 'active' ? 'active' : 'ended';
      if (found !== expected) wrong.push(`session ${from + place}: acknowledged as ${expected}, now ${found}`);
    });
  }
  for (const [identityId, epoch] of ledger.identities) {
    const { value } = await rpc.call('IdentityService', 'getIdentity', { identityId });
    if (value === undefined) wrong.push('an acknowledged identity is gone');
    else if (Number(value.identity?.epoch) < epoch) wrong.push(`epoch ${value.identity?.epoch}, acknowledged ${epoch}`);
  }
  for (const [identifier, password] of ledger.signedUp) {
    const person = { identifierType: IdentifierType.USERNAME, identifier, password };
    const { failure } = await rpc.call('PasswordService', 'signInWithPassword', person);
    if (failure !== undefined) wrong.push(`a person who signed up cannot sign in: ${failure.reason}`);
  }
  return wrong;
}

/** Acknowledged sessions of which the audit trail does not tell (AUD-1). */
export async function unrecorded(ledger: Ledger, rpc: RpcCaller): Promise<string[]> {
  const recorded = new Set<string>();
  let pageToken = '';
  do {
    const request = { action: 'session.created', pageSize: 100, pageToken };
    const page = await rpc.ok('AuditService', 'listAuditEvents', request);
    for (const { subject } of page.events) recorded.add(subject);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return [...ledger.handles].filter((handle) => !recorded.has(handle));
}

type Act = 'create' | 'revoke' | 'revokeByHandle' | 'rotate' | 'revokeAll' | 'identity' | 'signUp';
const ACTS: readonly Act[] = [
  ...(['create', 'create', 'create', 'create', 'create', 'revoke', 'revoke', 'revokeByHandle'] as const),
  ...(['rotate', 'rotate', 'revokeAll', 'identity'] as const),
];

/** One caller with identities of its own, so that no other's calls change what it wrote down. */
export class Writer {
  readonly #rpc: RpcCaller;
  readonly #ledger: Ledger;
  readonly #next: Chance;
  readonly #live = new Map<string, { handle: string; identityId: string }>();
  readonly #identities: string[] = [];
  #acts = 0;

  constructor(rpc: RpcCaller, ledger: Ledger, seed: number) {
    this.#rpc = rpc;
    this.#ledger = ledger;
    this.#next = chance(seed);
  }

  /** Writes until `stopped` or until a call fails; gives the reason of the failure. */
  async run(stopped: () => boolean): Promise<string | undefined> {
    while (!stopped()) {
      const failure = await this.#act(this.#choose());
      if (failure !== undefined) return failure;
      this.#ledger.acknowledged += 1;
    }
    return undefined;
  }

  #choose(): Act {
    this.#acts += 1;
    if (this.#identities.length === 0) return 'identity';
    if (this.#acts % 150 === 20) return 'signUp';
    const act = pick(this.#next, ACTS);
    const needsSession = act === 'revoke' || act === 'revokeByHandle' || act === 'rotate';
    return needsSession && this.#live.size === 0 ? 'create' : act;
  }

  /** The reason of the failure; undefined once it is acknowledged and written down. */
  #act(act: Act): Promise<string | undefined> {
    if (act === 'create') return this.#create();
    if (act === 'identity') return this.#identity();
    if (act === 'signUp') return this.#signUp();
    if (act === 'revokeAll') return this.#revokeAll(pick(this.#next, this.#identities));
    return this.#change(act, pick(this.#next, [...this.#live.keys()]));
  }

  async #create(): Promise<string | undefined> {
    const identityId = pick(this.#next, this.#identities);
    const { value, failure } = await this.#rpc.call('SessionService', 'createSession', { identityId });
    if (value !== undefined) this.#began(value.sessionId, value.session?.handle ?? '', identityId);
    return failure?.reason;
  }

  #began(sessionId: string, handle: string, identityId: string): void {
    this.#ledger.sessions.set(sessionId, 'active');
    this.#ledger.handles.add(handle);
    this.#live.set(sessionId, { handle, identityId });
  }

  async #identity(): Promise<string | undefined> {
    const identifiers = [{ type: IdentifierType.USERNAME, value: freshName('w'), verified: false }];
    const { value, failure } = await this.#rpc.call('IdentityService', 'createIdentity', { identifiers });
    const id = value?.identity?.id;
    if (id !== undefined) {
      this.#ledger.identities.set(id, 1);
      this.#identities.push(id);
    }
    return failure?.reason;
  }

  async #signUp(): Promise<string | undefined> {
    const [identifier, password] = [freshName('p'), 'violet-otter-battery'];
    const person = { identifierType: IdentifierType.USERNAME, identifier, password };
    const { value, failure } = await this.#rpc.call('PasswordService', 'signUpWithPassword', person);
    const identityId = value?.identity?.id;
    if (value !== undefined && identityId !== undefined) {
      this.#ledger.signedUp.set(identifier, password);
      this.#ledger.identities.set(identityId, 1);
      this.#identities.push(identityId);
      this.#began(value.sessionId, value.session?.handle ?? '', identityId);
    }
    return failure?.reason;
  }

  async #revokeAll(identityId: string): Promise<string | undefined> {
    const ids = [...this.#live].filter(([, { identityId: owner }]) => owner === identityId).map(([id]) => id);
    for (const id of ids) {
      this.#ledger.sessions.set(id, 'open');
      this.#live.delete(id);
    }
    const { value, failure } = await this.#rpc.call('SessionService', 'revokeIdentitySessions', { identityId });
    if (value !== undefined) {
      for (const id of ids) this.#ledger.sessions.set(id, 'ended');
      this.#ledger.identities.set(identityId, Number(value.epoch));
    }
    return failure?.reason;
  }

  async #change(act: 'revoke' | 'revokeByHandle' | 'rotate', sessionId: string): Promise<string | undefined> {
    const { handle, identityId } = this.#live.get(sessionId) ?? { handle: '', identityId: '' };
    this.#ledger.sessions.set(sessionId, 'open');
    this.#live.delete(sessionId);
    if (act === 'rotate') {
      const { value, failure } = await this.#rpc.call('SessionService', 'rotateSession', { sessionId });
      if (value !== undefined) this.#began(value.sessionId, handle, identityId);
      if (value !== undefined) this.#ledger.sessions.set(sessionId, 'ended');
      return failure?.reason;
    }
    const target =
      act === 'revoke'
        ? ({ $case: 'sessionId', value: sessionId } as const)
        : ({ $case: 'handle', value: handle } as const);
    const { failure } = await this.#rpc.call('SessionService', 'revokeSession', { target });
    if (failure === undefined) this.#ledger.sessions.set(sessionId, 'ended');
    return failure?.reason;
  }
}
