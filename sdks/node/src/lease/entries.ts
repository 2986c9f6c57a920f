// Active verdicts in memory: by key, by handle and by identity, bounded. Only a yes is kept, so a flood of unknown ids
// moves nothing; a flood of good ones passes by what is in use (second chance).
import type { SessionFacts } from './facts.ts';
import type { Moment } from './reading.ts';

export interface Entry<T> {
  readonly key: string;
  readonly facts: SessionFacts<T>;
  /** When the question was asked. */
  readonly asked: Moment;
  /** Latest known use. Database time. */
  lastUsedAt: number;
  /** Before this instant the entry serves, however long it has not been used. It is put off when it is reached. Database time. */
  deadline: number;
  /** Whether it was read since it was last spared. */
  used: boolean;
  /** Whether a use waits to be reported. */
  unreported: boolean;
  /** The next one in the chain of its handle's place. */
  nextOfHandle: Entry<T> | undefined;
  /** Its neighbours in the chain of its identity's place: an identity may have many sessions. */
  before: Entry<T> | undefined;
  after: Entry<T> | undefined;
}

export function newEntry<T>(key: string, facts: SessionFacts<T>, asked: Moment): Entry<T> {
  const { lastUsedAt } = facts;
  const links = { nextOfHandle: undefined, before: undefined, after: undefined };
  const entry: Entry<T> = { key, facts, asked, lastUsedAt, deadline: 0.5, used: false, unreported: false, ...links };
  putOff(entry);
  return entry;
}

function putOff<T>(entry: Entry<T>): void {
  const { facts, asked, lastUsedAt } = entry;
  entry.deadline = Math.min(facts.expiresAt, lastUsedAt + facts.idleTimeoutMs, asked.servesUntil);
}

/** Whether an entry still serves at this instant; the time-outs are judged by its latest use (WAT-14). */
export function serves<T>(entry: Entry<T>, time: number): boolean {
  if (!(time < entry.deadline)) putOff(entry);
  return time < entry.deadline;
}

const FIRST_PLACES = 64;

function placesOf<T>(count: number): (Entry<T> | undefined)[] {
  return new Array(count).fill(undefined);
}

export class Entries<T> {
  #byKey = new Map<string, Entry<T>>();
  // Chains through the entries themselves, by a hash of handle and identity: a map of each would take more room.
  #handles = placesOf<T>(FIRST_PLACES);
  #identities = placesOf<T>(FIRST_PLACES);
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#byKey.size;
  }

  get(key: string): Entry<T> | undefined {
    return this.#byKey.get(key);
  }

  ofHandle(handle: string): Entry<T> | undefined {
    let entry = this.#handles[this.#place(handle)];
    while (entry !== undefined && entry.facts.handle !== handle) entry = entry.nextOfHandle;
    return entry;
  }

  ofIdentity(identityId: string): readonly Entry<T>[] {
    const found: Entry<T>[] = [];
    for (let entry = this.#identities[this.#place(identityId)]; entry !== undefined; entry = entry.after) {
      if (entry.facts.identityId === identityId) found.push(entry);
    }
    return found;
  }

  /** What speaks of an organisation, or of one member. For all it is a search through all: an organisation as a whole changes seldom. */
  ofOrganisation(organisationId: string, identityId: string): readonly Entry<T>[] {
    const entries = identityId === '' ? [...this.#byKey.values()] : this.ofIdentity(identityId);
    return entries.filter(({ facts }) => facts.organisationId === organisationId);
  }

  /** Takes the place of what has its key or its handle. */
  put(entry: Entry<T>): void {
    const { key, facts } = entry;
    for (const other of [this.#byKey.get(key), this.ofHandle(facts.handle)]) {
      if (other !== undefined) this.remove(other);
    }
    while (this.#byKey.size >= this.#limit) this.#evictOne();
    if (this.#byKey.size >= this.#handles.length) this.#grow();
    this.#byKey.set(key, entry);
    this.#link(entry);
  }

  remove(entry: Entry<T>): void {
    const { key, facts, before, after } = entry;
    if (this.#byKey.get(key) !== entry) return;
    this.#byKey.delete(key);
    const place = this.#place(facts.handle);
    const first = this.#handles[place];
    if (first === entry) {
      this.#handles[place] = entry.nextOfHandle;
    } else {
      let previous = first;
      while (previous !== undefined && previous.nextOfHandle !== entry) previous = previous.nextOfHandle;
      if (previous !== undefined) previous.nextOfHandle = entry.nextOfHandle;
    }
    if (after !== undefined) after.before = before;
    if (before !== undefined) before.after = after;
    else this.#identities[this.#place(facts.identityId)] = after;
    entry.nextOfHandle = undefined;
    entry.before = undefined;
    entry.after = undefined;
  }

  /** Starts empty. Gives what was there, by key. */
  clear(): Map<string, Entry<T>> {
    const all = this.#byKey;
    this.#byKey = new Map();
    this.#handles = placesOf(FIRST_PLACES);
    this.#identities = placesOf(FIRST_PLACES);
    return all;
  }

  #link(entry: Entry<T>): void {
    const ofHandle = this.#place(entry.facts.handle);
    entry.nextOfHandle = this.#handles[ofHandle];
    this.#handles[ofHandle] = entry;
    const ofIdentity = this.#place(entry.facts.identityId);
    const neighbour = this.#identities[ofIdentity];
    if (neighbour !== undefined) neighbour.before = entry;
    entry.before = undefined;
    entry.after = neighbour;
    this.#identities[ofIdentity] = entry;
  }

  #grow(): void {
    const places = this.#handles.length * 2;
    this.#handles = placesOf(places);
    this.#identities = placesOf(places);
    for (const entry of this.#byKey.values()) this.#link(entry);
  }

  /** FNV-1a. The names are the server's, and random. */
  #place(name: string): number {
    let hash = 0x811c9dc5;
    for (let index = 0; index < name.length; index += 1) hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
    return (hash ^ (hash >>> 15)) & (this.#handles.length - 1);
  }

  /** The oldest goes, but one that was read since goes to the end of the queue once. */
  #evictOne(): void {
    for (const [key, entry] of this.#byKey) {
      if (!entry.used) {
        this.remove(entry);
        return;
      }
      entry.used = false;
      this.#byKey.delete(key);
      this.#byKey.set(key, entry);
    }
  }
}
