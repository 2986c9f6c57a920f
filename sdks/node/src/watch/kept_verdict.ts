// An active verdict as memory keeps it: small, for there may be many, and made anew for each answer, so that what one
// caller does to a verdict changes nobody else's (SDK-34).
import { inspect } from 'node:util';
import type { Acting, Device, IdentityFacts, OrganisationFacts, Session } from '../gen/trust/v1/session.ts';
import type { SessionFacts } from '../lease/facts.ts';
import type { ActiveVerdict } from '../verdict.ts';

/** What many sessions have in common: kept once. */
interface Common {
  readonly tenantId: string;
  readonly acr: string;
  readonly amr: readonly string[];
  readonly roles: readonly string[];
  readonly idleTimeoutSeconds: number;
}

/** What differs from session to session and is seldom asked for, in the order in which it is written down. */
type Rest = readonly [
  handle: string,
  identityId: string,
  displayName: string,
  ipAddress: string,
  label: string,
  lastUsedAt: number | null,
  createdAt: number | null,
  authenticatedAt: number | null,
];

/** What few sessions have. */
interface More {
  /** Whether it holds for one client alone. */
  readonly bound: boolean;
  readonly metadata: Readonly<Record<string, string>>;
  readonly acting: Acting | undefined;
  readonly organisation: OrganisationFacts | undefined;
}

const MAX_SHARED = 4_096;
const commons = new Map<string, Common>();
const organisations = new Map<string, More>();
const userAgents = new Map<string, string>();

// The oldest goes when there is much.
function shared<T>(pool: Map<string, T>, name: string, value: T): T {
  const found = pool.get(name);
  if (found !== undefined) return found;
  if (pool.size >= MAX_SHARED) pool.delete(pool.keys().next().value as string);
  pool.set(name, value);
  return value;
}

function commonOf({ session, identity }: ActiveVerdict): Common {
  const { tenantId, acr, idleTimeoutSeconds } = session;
  const [amr, roles] = [Object.freeze([...session.amr]), Object.freeze([...identity.roles])];
  const common = { tenantId, acr, amr, roles, idleTimeoutSeconds };
  return shared(commons, JSON.stringify(common), common);
}

const copyOf = (acting: Acting): Acting => ({ ...acting, scope: [...acting.scope] });

/** What is in an organisation and nothing else is shared by its members. */
function moreOf({ session, identity, organisation, clientBound }: ActiveVerdict): More | undefined {
  const alone = session.acting !== undefined || clientBound === true || Object.keys(identity.metadata).length > 0;
  if (!alone && organisation === undefined) return undefined;
  const acting = session.acting && copyOf(session.acting);
  const more = { bound: clientBound === true, metadata: { ...identity.metadata }, acting, organisation };
  if (organisation === undefined) return more;
  const { id, displayName, version } = organisation;
  const [roles, permissions] = [Object.freeze([...organisation.roles]), Object.freeze([...organisation.permissions])];
  const own = { ...more, organisation: { id, displayName, roles, permissions, version } };
  return alone
    ? own
    : shared(organisations, JSON.stringify([id, String(version), displayName, roles, permissions]), own);
}

const timeOf = (instant: Date | undefined): number => instant?.getTime() ?? NaN;
const dateOf = (instant: number | null): Date | undefined => (instant === null ? undefined : new Date(instant));

// The rest of one verdict is asked for several times in a row.
let latest: { readonly text: string; readonly rest: Rest } | undefined;

function restOf(text: string): Rest {
  if (latest?.text !== text) latest = { text, rest: JSON.parse(text) as Rest };
  return latest.rest;
}

export class KeptVerdict implements SessionFacts<KeptVerdict> {
  readonly version: number;
  readonly epoch: number;
  readonly identityVersion: number;
  readonly expiresAt: number;
  readonly #common: Common;
  /** JSON of `Rest`: one flat text takes half of the room that its parts do. */
  readonly #rest: string;
  readonly #userAgent: string | undefined;
  readonly #identityEpoch: number;
  readonly #more: More | undefined;

  constructor(verdict: ActiveVerdict) {
    const { session, identity } = verdict;
    const { device } = session;
    this.version = Number(session.version);
    this.epoch = Number(session.epoch);
    this.identityVersion = Number(identity.version);
    this.expiresAt = timeOf(session.expiresAt);
    this.#common = commonOf(verdict);
    const rest: Rest = [
      session.handle,
      session.identityId,
      identity.displayName,
      device?.ipAddress ?? '',
      device?.label ?? '',
      timeOf(session.lastUsedAt),
      timeOf(session.createdAt),
      timeOf(session.authenticatedAt),
    ];
    this.#rest = JSON.stringify(rest);
    this.#userAgent = device && shared(userAgents, device.userAgent, device.userAgent);
    this.#identityEpoch = Number(identity.epoch);
    this.#more = moreOf(verdict);
  }

  get value(): KeptVerdict {
    return this;
  }

  get handle(): string {
    return restOf(this.#rest)[0];
  }

  get identityId(): string {
    return restOf(this.#rest)[1];
  }

  /** Whether it holds for one client alone. */
  get bound(): boolean {
    return this.#more?.bound === true;
  }

  get organisationId(): string | undefined {
    return this.#more?.organisation?.id;
  }

  get organisationVersion(): number | undefined {
    const organisation = this.#more?.organisation;
    return organisation && Number(organisation.version);
  }

  get lastUsedAt(): number {
    return restOf(this.#rest)[5] ?? NaN;
  }

  get idleTimeoutMs(): number {
    return this.#common.idleTimeoutSeconds * 1_000;
  }

  session(): Session {
    const { tenantId, acr, amr, idleTimeoutSeconds } = this.#common;
    const [handle, identityId, , ipAddress, label, lastUsedAt, createdAt, authenticatedAt] = restOf(this.#rest);
    const userAgent = this.#userAgent;
    const device: Device | undefined = userAgent === undefined ? undefined : { userAgent, ipAddress, label };
    return {
      handle,
      tenantId,
      identityId,
      version: BigInt(this.version),
      epoch: BigInt(this.epoch),
      authenticatedAt: dateOf(authenticatedAt),
      acr,
      amr,
      createdAt: dateOf(createdAt),
      lastUsedAt: dateOf(lastUsedAt),
      expiresAt: Number.isNaN(this.expiresAt) ? undefined : new Date(this.expiresAt),
      idleTimeoutSeconds,
      device,
      acting: this.#more?.acting && copyOf(this.#more.acting),
    };
  }

  organisation(): OrganisationFacts | undefined {
    const organisation = this.#more?.organisation;
    return organisation && { ...organisation };
  }

  identity(): IdentityFacts {
    const [, id, displayName] = restOf(this.#rest);
    return {
      id,
      displayName,
      roles: this.#common.roles,
      epoch: BigInt(this.#identityEpoch),
      metadata: { ...this.#more?.metadata },
      version: BigInt(this.identityVersion),
    };
  }
}

/** A verdict from memory. Its facts are made when they are first asked for. */
class MemoryVerdict implements ActiveVerdict {
  readonly active = true;
  /** Memory is as old as it may be. */
  readonly cacheForMs = 0;
  readonly #kept: KeptVerdict;
  #session: Session | undefined;
  #identity: IdentityFacts | undefined;

  constructor(kept: KeptVerdict) {
    this.#kept = kept;
  }

  get session(): Session {
    this.#session ??= this.#kept.session();
    return this.#session;
  }

  get identity(): IdentityFacts {
    this.#identity ??= this.#kept.identity();
    return this.#identity;
  }

  get organisation(): OrganisationFacts | undefined {
    return this.#kept.organisation();
  }

  get clientBound(): true | undefined {
    return this.#kept.bound || undefined;
  }

  toJSON(): ActiveVerdict {
    const { active, session, identity, organisation, clientBound, cacheForMs } = this;
    const more = { ...(organisation && { organisation }), ...(clientBound && { clientBound }) };
    return { active, session, identity, ...more, cacheForMs };
  }

  [inspect.custom](): string {
    return inspect(this.toJSON());
  }
}

class DegradedVerdict extends MemoryVerdict {
  readonly degraded = true;

  override toJSON(): ActiveVerdict {
    return { ...super.toJSON(), degraded: true };
  }
}

/** An answer of its own for each caller. Nothing is read of what is kept: it is far away in memory. */
export const answerOf = (kept: KeptVerdict): ActiveVerdict => new MemoryVerdict(kept);

/** One that is older than it may be, for a caller that would have it so. */
export const degradedAnswerOf = (kept: KeptVerdict): ActiveVerdict => new DegradedVerdict(kept);
