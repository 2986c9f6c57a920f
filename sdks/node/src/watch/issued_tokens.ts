// Issued Trust Tokens, kept for 80 % of their life (SDK-38).
import { boundKey, type ClientFacts } from '../client_facts.ts';
import type { IssueTrustTokenRequest } from '../gen/trust/v1/trust_token.ts';
import type { FeedChange, TokenFacts } from '../lease/facts.ts';
import type { Ask, LeaseMachine } from '../lease/machine.ts';
import { elapsed } from '../lease/reading.ts';
import type { CallOptions, Input } from '../rpc.ts';
import type { Clocks } from './clocks.ts';

/** What a token may be asked for with. */
export interface TrustTokenOptions extends CallOptions {
  /** Scope values; the order counts. Default: none. */
  readonly scope?: readonly string[] | undefined;
  /** Seconds, 5 to 300. Default: the tenant's. */
  readonly lifetimeSeconds?: number | undefined;
  /** Who presents the session_id. A bound session gets no token without it. */
  readonly client?: ClientFacts | undefined;
}

type Issue = (request: Input<IssueTrustTokenRequest>, options: CallOptions) => Promise<{ readonly trustToken: string }>;

interface Issued {
  readonly token: string;
  readonly facts: TokenFacts;
  readonly asked: Ask;
  /** For how long after it was asked for. */
  readonly spanMs: number;
}

interface UnderWay {
  readonly asked: Ask;
  readonly answer: Promise<string>;
  /** Whether something changed that the answer may not know, of whatever session. */
  changed: Set<string>;
}

const MAX_TOKENS = 10_000;
const KEPT_SHARE = 0.8;
const EVERYTHING = '*';

// What a change of the feed may have made untrue, by its name.
function nameOf(change: FeedChange): string | undefined {
  switch (change.kind) {
    case 'session':
      return change.handle;
    case 'identity':
      return change.identityId;
    case 'organisation':
      return `${change.organisationId} ${change.identityId}`;
    case 'signing_key':
      return change.retired ? change.kid : undefined;
    case 'tenant':
      return EVERYTHING;
    case 'service':
      return undefined;
  }
}

// What a token depends on, by the names of `nameOf`.
const namesOf = ({ sid, sub, kid, org }: TokenFacts): readonly string[] =>
  org === undefined ? [sid, sub, kid] : [sid, sub, kid, `${org} `, `${org} ${sub}`];

// The token comes from the server itself over the client's channel, so it is read, not verified.
function read(token: string): { readonly facts: TokenFacts; readonly lifeMs: number } | undefined {
  const parse = (part: string | undefined) => JSON.parse(Buffer.from(part ?? '', 'base64url').toString());
  try {
    const [header, payload] = token.split('.');
    const { kid } = parse(header);
    const { sid, ver, sub, epoch, iat, exp, org, org_ver: orgVer } = parse(payload);
    return { facts: { kid, sid, ver, sub, epoch, org, orgVer }, lifeMs: (exp - iat) * 1_000 };
  } catch {
    return undefined;
  }
}

export class IssuedTokens {
  readonly #machine: LeaseMachine<unknown>;
  readonly #clocks: Clocks;
  readonly #issue: Issue;
  readonly #kept = new Map<string, Issued>();
  readonly #underWay = new Map<string, UnderWay>();

  constructor(machine: LeaseMachine<unknown>, clocks: Clocks, issue: Issue) {
    this.#machine = machine;
    this.#clocks = clocks;
    this.#issue = issue;
  }

  async get(sessionId: string, audience: string, options: TrustTokenOptions): Promise<string> {
    const { scope = [], lifetimeSeconds = 0, client, ...call } = options;
    const key = JSON.stringify([boundKey({ sessionId, client }), audience, lifetimeSeconds, ...scope]);
    const kept = this.#kept.get(key);
    if (kept !== undefined && this.#serves(kept)) return kept.token;
    const request = { sessionId, audience, scope, lifetimeSeconds, client };
    if (Object.keys(call).length > 0) return (await this.#issue(request, call)).trustToken;
    const now = this.#clocks();
    const before = this.#underWay.get(key);
    // One that a change has overtaken serves those who asked before it came, and nobody else.
    if (before !== undefined && before.changed.size === 0) return before.answer;
    const asked = this.#machine.ask(now);
    const underWay: UnderWay = { asked, answer: this.#ask(key, asked, request), changed: new Set() };
    this.#underWay.set(key, underWay);
    try {
      return await underWay.answer;
    } finally {
      if (this.#underWay.get(key) === underWay) this.#underWay.delete(key);
    }
  }

  /** A change came: what it names is asked for anew. */
  changed(change: FeedChange): void {
    const name = nameOf(change);
    if (name === undefined) return;
    for (const { changed } of this.#underWay.values()) changed.add(name);
    if (name === EVERYTHING) this.#kept.clear();
    for (const [key, { facts }] of this.#kept) {
      if (namesOf(facts).includes(name)) this.#kept.delete(key);
    }
  }

  /** A new stream begins, or the client was closed. */
  clear(): void {
    this.#kept.clear();
    for (const { changed } of this.#underWay.values()) changed.add(EVERYTHING);
  }

  async #ask(key: string, asked: Ask, request: Input<IssueTrustTokenRequest>): Promise<string> {
    const { trustToken: token } = await this.#issue(request, {});
    const underWay = this.#underWay.get(key);
    const { facts, lifeMs } = read(token) ?? {};
    if (underWay?.asked === asked && facts !== undefined && asked.stream > 0) {
      const names = [...namesOf(facts), EVERYTHING];
      const current = !names.some((name) => underWay.changed.has(name));
      const issued = { token, facts, asked, spanMs: KEPT_SHARE * (lifeMs ?? 0) };
      if (current && this.#serves(issued)) this.#keep(key, issued);
    }
    return token;
  }

  #serves({ facts, asked, spanMs }: Issued): boolean {
    const now = this.#clocks();
    return elapsed(asked.at, now) < spanMs && this.#machine.token(facts, now) === 'accept';
  }

  #keep(key: string, issued: Issued): void {
    this.#kept.delete(key);
    this.#kept.set(key, issued);
    if (this.#kept.size > MAX_TOKENS) this.#kept.delete(this.#kept.keys().next().value as string);
  }
}
