// One SDK under watch behind a proxy, with people who sign in and are revoked, and questions about all of them without end.
import { setTimeout as sleep } from 'node:timers/promises';
import { Probe, type Sdk } from '../../conformance/probe.ts';
import { type Chance, chance, pick } from '../../support/message_mutator.ts';
import type { Outcome, RpcCaller } from '../../support/rpc_caller.ts';
import type { ServerProcess } from '../../support/server_process.ts';
import { newIdentity } from '../../support/shared_server.ts';
import { TcpProxy } from '../../support/tcp_proxy.ts';
import { harass, setWall } from './adversary.ts';
import { type Known, Oracle } from './oracle.ts';

const AUDIENCE = 'dev';
const LIVE = 24;
const PEOPLE = 6;
/** Callers that ask about sessions that live, and about such that were ended: these may all wait for a server that is away. */
const LIVE_CALLERS = 8;
const DEAD_CALLERS = 16;
/** Ended sessions are asked about for so long after B. */
const GRAVE_MS = 5_000;
/** Every so many ends are made through the SDK itself, and of all sessions of a person. */
const OWN_EVERY = 9;
const ENDS_AT_ONCE = 8;
const EPOCH_EVERY = 20;

export type Setup = {
  readonly sdk: Sdk;
  /** The node that it watches, through the proxy. */
  readonly watched: ServerProcess;
  /** A caller of the node at which people are revoked. */
  readonly elsewhere: RpcCaller;
  readonly jwks: unknown;
  readonly issuer: string;
  readonly folder: string;
  readonly seed: number;
  /** Between two revocations. */
  readonly everyMs: number;
  /** Whether its adversary stops the node too; it is the same one for all. */
  readonly pausesNode: boolean;
};

export class Rig {
  readonly oracle: Oracle;
  readonly name: string;
  /** How often each kind of fault was done. */
  readonly strikes = new Map<string, number>();
  readonly #setup: Setup;
  readonly #next: Chance;
  readonly #live: Known[] = [];
  #dead: Known[] = [];
  #people: string[] = [];
  #probe: Probe | undefined;
  #proxy: TcpProxy | undefined;
  #ends = 0;

  constructor(setup: Setup) {
    this.#setup = setup;
    this.name = setup.sdk.name;
    this.oracle = new Oracle(this.name);
    this.#next = chance(setup.seed);
  }

  /** Starts the SDK, signs people in, and waits for the lease. */
  async start(): Promise<void> {
    const { sdk, watched, elsewhere, jwks, issuer } = this.#setup;
    setWall(this.#wallFile, 0);
    this.#proxy = await TcpProxy.before(watched.grpcAddress);
    this.#probe = new Probe({ ...sdk, env: { ...sdk.env, TEST_WALL_FILE: this.#wallFile } });
    await this.#ask('configure', {
      address: this.#proxy.address,
      service_key: watched.serviceKey,
      timeout_ms: 1_500,
      issuer,
      audience: AUDIENCE,
      jwks,
      verifier_watches: true,
    });
    this.#people = await Promise.all(Array.from({ length: PEOPLE }, () => newIdentity(elsewhere)));
    while (this.#live.length < LIVE) await this.#signIn();
    await this.#ask('await_lease', { timeout_ms: 10_000 });
  }

  /** Runs until `stopped`; says whether a lease came back once all was healed. */
  async run(stopped: () => boolean): Promise<boolean> {
    const { watched, seed, pausesNode } = this.#setup;
    const proxy = this.#proxy as TcpProxy;
    const pid = this.#probe?.pid ?? 0;
    const victim = { proxy, wallFile: this.#wallFile, pid, nodePid: () => (pausesNode ? watched.pid() : undefined) };
    const adversary = harass(victim, chance(seed + 1), stopped, this.strikes);
    const callers = [
      ...Array.from({ length: LIVE_CALLERS }, () => this.#caller(() => this.#live, stopped)),
      ...Array.from({ length: DEAD_CALLERS }, () => this.#caller(() => this.#buried(), stopped)),
    ];
    await Promise.all([this.#revoker(stopped), ...callers]);
    await adversary;
    return (await this.#ask('await_lease', { timeout_ms: 15_000 })).ok?.leased === true;
  }

  close(): void {
    if (this.#probe?.pid !== undefined && this.#probe.usable) process.kill(this.#probe.pid, 'SIGCONT');
    this.#proxy?.close();
    this.#probe?.close();
  }

  get #wallFile(): string {
    return `${this.#setup.folder}/${this.name}_wall`;
  }

  async #ask(action: string, given: unknown): Promise<Told> {
    return (await this.#probe?.ask(action, given)) as Told;
  }

  async #signIn(): Promise<void> {
    const { elsewhere } = this.#setup;
    const identityId = pick(this.#next, this.#people);
    const made = await elsewhere.call('SessionService', 'createSession', { identityId });
    const sessionId = made.value?.sessionId ?? '';
    const issued = await elsewhere.call('TrustTokenService', 'issueTrustToken', { sessionId, audience: AUDIENCE });
    // Its person may have been signed out everywhere meanwhile.
    if (issued.value === undefined) return;
    const { trustToken } = issued.value;
    this.#live.push({ sessionId, identityId, trustToken, endedAt: Number.POSITIVE_INFINITY, boundMs: 0 });
  }

  #buried(): readonly Known[] {
    const since = performance.now() - GRAVE_MS;
    if ((this.#dead[0]?.endedAt ?? since) < since) this.#dead = this.#dead.filter(({ endedAt }) => endedAt >= since);
    return this.#dead;
  }

  /** Ends that wait for an SDK that is cut off hold up no others. */
  async #revoker(stopped: () => boolean): Promise<void> {
    const underWay = new Set<Promise<void>>();
    while (!stopped()) {
      await sleep(this.#setup.everyMs);
      if (underWay.size >= ENDS_AT_ONCE) await Promise.race(underWay);
      const end = this.#endSome().finally(() => underWay.delete(end));
      underWay.add(end);
    }
    await Promise.all(underWay);
  }

  async #endSome(): Promise<void> {
    this.#ends += 1;
    if (this.#ends % EPOCH_EVERY === 0) await this.#endAllOf(pick(this.#next, this.#people));
    else await this.#endOldest(this.#ends % OWN_EVERY === 0);
    const missing = LIVE - this.#live.length;
    await Promise.all(Array.from({ length: Math.max(0, missing) }, () => this.#signIn()));
  }

  async #endAllOf(identityId: string): Promise<void> {
    const ending = this.#live.filter((session) => session.identityId === identityId);
    for (const session of ending) this.#take(session);
    const { elsewhere } = this.#setup;
    await insist(() => elsewhere.call('SessionService', 'revokeIdentitySessions', { identityId }));
    for (const session of ending) this.#bury(session);
  }

  /** If by the SDK itself, it must not say yes from its answer on (WAT-15). */
  async #endOldest(own: boolean): Promise<void> {
    const session = this.#live[0];
    if (session === undefined) return;
    this.#take(session);
    const { sessionId } = session;
    if (own && (await this.#ask('revoke_session', { session_id: sessionId })).ok !== undefined)
      return this.#bury(session, 0);
    const target = { $case: 'sessionId', value: sessionId } as const;
    await insist(() => this.#setup.elsewhere.call('SessionService', 'revokeSession', { target }));
    this.#bury(session);
  }

  #take(session: Known): void {
    this.#live.splice(this.#live.indexOf(session), 1);
  }

  #bury(session: Known, boundMs?: number): void {
    this.oracle.ended(session, boundMs);
    this.#dead.push(session);
  }

  async #caller(among: () => readonly Known[], stopped: () => boolean): Promise<void> {
    const { counts } = this.oracle;
    while (!stopped()) {
      const sessions = among();
      if (sessions.length === 0) {
        await sleep(20);
        continue;
      }
      const session = pick(this.#next, sessions);
      const byToken = this.#next() < 0.3;
      const askedAt = performance.now();
      const { ok } = byToken
        ? await this.#ask('verify_trust_token', { trust_token: session.trustToken })
        : await this.#ask('verify', { session_id: session.sessionId });
      if (ok === undefined) counts.failures += 1;
      else if (ok.active === false) counts.rejections += 1;
      else this.oracle.accepted(session, byToken ? 'a Trust Token' : 'a session', askedAt);
      await sleep(2);
    }
  }
}

type Told = { readonly ok?: Readonly<Record<string, unknown>> };

/** A node that stands still may hold the row that another needs; asked again, the end is acknowledged. */
async function insist(call: () => Promise<Outcome<unknown>>): Promise<void> {
  for (let left = 20; ; left -= 1) {
    const { failure } = await call();
    if (failure === undefined) return;
    if (left === 0) throw failure.error;
    await sleep(250);
  }
}
