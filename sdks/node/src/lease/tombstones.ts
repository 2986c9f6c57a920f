// What a change leaves behind: the lowest version or epoch that is still acceptable (WAT-8).
import type { SessionFacts, TokenFacts } from './facts.ts';

interface Mark {
  readonly version: number;
  readonly epoch: number;
  /** When it came, on the monotonic clock. */
  readonly at: number;
}

const NOTHING: Mark = { version: 0, epoch: 0, at: -Infinity };

/** Marks in the order in which they came, at most `limit`. A mark only ever rises. */
class Marks {
  readonly #marks = new Map<string, Mark>();
  readonly #limit: number;
  /** When the latest mark came that was dropped for want of room. */
  droppedAt = -Infinity;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#marks.size;
  }

  get(name: string): Mark {
    return this.#marks.get(name) ?? NOTHING;
  }

  raise(name: string, version: number, epoch: number, at: number): void {
    const before = this.get(name);
    this.#marks.delete(name);
    this.#marks.set(name, { version: Math.max(before.version, version), epoch: Math.max(before.epoch, epoch), at });
    for (const [oldest, mark] of this.#marks) {
      if (this.#marks.size <= this.#limit) break;
      this.#marks.delete(oldest);
      this.droppedAt = mark.at;
    }
  }

  forget(before: number): void {
    for (const [name, mark] of this.#marks) {
      if (!(mark.at < before)) break;
      this.#marks.delete(name);
    }
  }
}

const organisationName = (organisationId: string, identityId: string) => `${organisationId} ${identityId}`;

/** Bounded memory of what may no longer be accepted. It holds facts, so it outlives streams. */
export class Tombstones {
  readonly #sessions: Marks;
  readonly #identities: Marks;
  readonly #keys: Marks;
  /** By organisation, and by organisation and member. */
  readonly #organisations: Marks;

  constructor(limit: number) {
    this.#sessions = new Marks(limit);
    this.#identities = new Marks(limit);
    this.#keys = new Marks(limit);
    this.#organisations = new Marks(limit);
  }

  /** `Infinity` as version: none is acceptable any more. */
  raiseSession(handle: string, version: number, at: number): void {
    this.#sessions.raise(handle, version, 0, at);
  }

  raiseIdentity(identityId: string, epoch: number, version: number, at: number): void {
    this.#identities.raise(identityId, version, epoch, at);
  }

  refuseKey(kid: string, at: number): void {
    this.#keys.raise(kid, Infinity, 0, at);
  }

  /** For all members where `identityId` is empty. */
  raiseOrganisation(organisationId: string, identityId: string, version: number, at: number): void {
    this.#organisations.raise(organisationName(organisationId, identityId), version, 0, at);
  }

  /** Forgets what came before `at`. */
  forget(at: number): void {
    for (const marks of this.#all) marks.forget(at);
  }

  /** When the latest tombstone came that was dropped for want of room; `-Infinity` if none was. */
  get droppedAt(): number {
    return Math.max(...this.#all.map(({ droppedAt }) => droppedAt));
  }

  get size(): number {
    return this.#all.reduce((sum, { size }) => sum + size, 0);
  }

  /** Whether nothing that is remembered asks for more than these facts. */
  admits(
    facts: Pick<
      SessionFacts<unknown>,
      'handle' | 'version' | 'identityId' | 'epoch' | 'identityVersion' | 'organisationId' | 'organisationVersion'
    >,
  ): boolean {
    const { identityId, organisationId, organisationVersion } = facts;
    const identity = this.#identities.get(identityId);
    return (
      facts.version >= this.#sessions.get(facts.handle).version &&
      facts.epoch >= identity.epoch &&
      facts.identityVersion >= identity.version &&
      this.#admitsOrganisation(organisationId, identityId, organisationVersion)
    );
  }

  /** Whether the session was ended, or its epoch is past. Another version of it lives on. */
  ended({ handle, identityId, epoch }: Pick<SessionFacts<unknown>, 'handle' | 'identityId' | 'epoch'>): boolean {
    return this.#sessions.get(handle).version === Infinity || epoch < this.#identities.get(identityId).epoch;
  }

  admitsToken({ kid, sid, ver, sub, epoch, org, orgVer }: TokenFacts): boolean {
    return (
      ver >= this.#sessions.get(sid).version &&
      epoch >= this.#identities.get(sub).epoch &&
      this.#admitsOrganisation(org, sub, orgVer) &&
      this.#keys.get(kid) === NOTHING
    );
  }

  get #all(): readonly Marks[] {
    return [this.#sessions, this.#identities, this.#keys, this.#organisations];
  }

  #admitsOrganisation(id: string | undefined, identityId: string, version = 0): boolean {
    if (id === undefined || this.#organisations.size === 0) return true;
    const [ofAll, ofOne] = [organisationName(id, ''), organisationName(id, identityId)];
    return version >= this.#organisations.get(ofAll).version && version >= this.#organisations.get(ofOne).version;
  }
}
