// Active verdicts in memory: by key, by handle and by identity, bounded. Only a yes is kept, so a flood of unknown ids
// moves nothing; a flood of good ones passes by what is in use (second chance).
import type { SessionFacts } from './facts.ts';
import { KeyIndex, NOWHERE } from './key_index.ts';
import type { Moment } from './reading.ts';

export interface Entry<T> {
  readonly facts: SessionFacts<T>;
  /** When the question was asked. */
  readonly asked: Moment;
  /** Its number while it is in memory; `NOWHERE` before and after. */
  place: number;
  /** What was kept by place, once it has left memory. */
  left: Left | undefined;
  /** The next one in the chain of its handle's place. */
  nextOfHandle: Entry<T> | undefined;
  /** Its neighbours in the chain of its identity's place: an identity may have many sessions. */
  before: Entry<T> | undefined;
  after: Entry<T> | undefined;
}

/** Of an entry that is not in memory. */
export interface Left {
  /** Latest known use. Database time. */
  lastUsedAt: number;
  /** Whether a use waits to be reported. */
  unreported: boolean;
}

const FIRST_PLACES = 64;
/** Marks of a place: it was read since it was last spared; a use waits to be reported. */
const USED = 1;
const UNREPORTED = 2;

function chainsOf<T>(count: number): (Entry<T> | undefined)[] {
  return new Array(count).fill(undefined);
}

export class Entries<T> {
  #places = new KeyIndex();
  // What an answer needs lies close together by place: looked for in the entries it would be a dozen reads all over the
  // heap, and with many sessions each of them waits for the main memory (bench local_verify).
  #entries: (Entry<T> | undefined)[] = [];
  #values: (T | undefined)[] = [];
  /** Before the first instant the entry serves, however long it was not used; it is put off when it is reached. The second is its latest use. Database time. */
  #times = new Float64Array(2 * FIRST_PLACES);
  #marks = new Uint8Array(FIRST_PLACES);
  /** Places that were taken and are not. */
  #free: number[] = [];
  /** The place at which the search for one that can go stands. */
  #hand = 0;
  // Chains through the entries themselves, by a hash of handle and identity: a map of each would take more room.
  #handles = chainsOf<T>(FIRST_PLACES);
  #identities = chainsOf<T>(FIRST_PLACES);
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#places.size;
  }

  /** The place of the entry with this key, or `NOWHERE`. */
  find(key: string): number {
    return this.#places.find(key);
  }

  get(key: string): Entry<T> | undefined {
    return this.#entries[this.find(key)];
  }

  /** Whether what is there still serves at this instant; the time-outs are judged by its latest use (WAT-14). */
  serves(place: number, time: number): boolean {
    if (!(time < (this.#times[2 * place] as number))) this.#putOff(place);
    return time < (this.#times[2 * place] as number);
  }

  /** Notes a use of what is there. */
  use(place: number, time: number): T {
    this.#times[2 * place + 1] = time;
    this.#marks[place] = (this.#marks[place] as number) | USED;
    return this.#values[place] as T;
  }

  isUnreported(place: number): boolean {
    return ((this.#marks[place] as number) & UNREPORTED) !== 0;
  }

  /** A use is to be reported. Gives the entry. */
  report(place: number): Entry<T> {
    this.#marks[place] = (this.#marks[place] as number) | UNREPORTED;
    return this.#entries[place] as Entry<T>;
  }

  /** The use of an entry was reported, wherever it is by now. */
  reported(entry: Entry<T>): void {
    if (entry.left !== undefined) entry.left.unreported = false;
    else this.#marks[entry.place] = (this.#marks[entry.place] as number) & ~UNREPORTED;
  }

  lastUsedAt(entry: Entry<T>): number {
    return entry.left?.lastUsedAt ?? (this.#times[2 * entry.place + 1] as number);
  }

  ofHandle(handle: string): Entry<T> | undefined {
    let entry = this.#handles[this.#chain(handle)];
    while (entry !== undefined && entry.facts.handle !== handle) entry = entry.nextOfHandle;
    return entry;
  }

  ofIdentity(identityId: string): readonly Entry<T>[] {
    const found: Entry<T>[] = [];
    for (let entry = this.#identities[this.#chain(identityId)]; entry !== undefined; entry = entry.after) {
      if (entry.facts.identityId === identityId) found.push(entry);
    }
    return found;
  }

  /** What speaks of an organisation, or of one member. For all it is a search through all: an organisation as a whole changes seldom. */
  ofOrganisation(organisationId: string, identityId: string): readonly Entry<T>[] {
    const entries = identityId === '' ? this.#all() : this.ofIdentity(identityId);
    return entries.filter(({ facts }) => facts.organisationId === organisationId);
  }

  /** Takes the place of what has this key or its handle. */
  put(key: string, facts: SessionFacts<T>, asked: Moment): void {
    for (const other of [this.get(key), this.ofHandle(facts.handle)]) {
      if (other !== undefined) this.remove(other);
    }
    if (this.size >= this.#limit) this.#evictOne();
    const place = this.#free.pop() ?? this.size;
    if (place >= this.#marks.length) this.#grow();
    const links = { nextOfHandle: undefined, before: undefined, after: undefined };
    const entry: Entry<T> = { facts, asked, place, left: undefined, ...links };
    this.#entries[place] = entry;
    this.#values[place] = facts.value;
    this.#times[2 * place + 1] = facts.lastUsedAt;
    this.#marks[place] = 0;
    this.#putOff(place);
    this.#places.add(key, place);
    this.#link(entry);
  }

  remove(entry: Entry<T>): void {
    if (entry.place === NOWHERE) return;
    const { facts, before, after } = entry;
    this.#places.delete(entry.place);
    this.#free.push(entry.place);
    this.#leave(entry);
    const chain = this.#chain(facts.handle);
    const first = this.#handles[chain];
    if (first === entry) {
      this.#handles[chain] = entry.nextOfHandle;
    } else {
      let previous = first;
      while (previous !== undefined && previous.nextOfHandle !== entry) previous = previous.nextOfHandle;
      if (previous !== undefined) previous.nextOfHandle = entry.nextOfHandle;
    }
    if (after !== undefined) after.before = before;
    if (before !== undefined) before.after = after;
    else this.#identities[this.#chain(facts.identityId)] = after;
    entry.nextOfHandle = undefined;
    entry.before = undefined;
    entry.after = undefined;
  }

  /** Starts empty. Gives what was there, by key. */
  clear(): Map<string, Entry<T>> {
    const all = new Map<string, Entry<T>>();
    for (const entry of this.#all()) {
      all.set(this.#places.keyOf(entry.place), entry);
      this.#leave(entry);
    }
    this.#places = new KeyIndex();
    this.#entries = [];
    this.#values = [];
    this.#times = new Float64Array(2 * FIRST_PLACES);
    this.#marks = new Uint8Array(FIRST_PLACES);
    this.#free = [];
    this.#hand = 0;
    this.#handles = chainsOf(FIRST_PLACES);
    this.#identities = chainsOf(FIRST_PLACES);
    return all;
  }

  #all(): readonly Entry<T>[] {
    return this.#entries.filter((entry) => entry !== undefined);
  }

  /** Takes with it what is kept by place. */
  #leave(entry: Entry<T>): void {
    const { place } = entry;
    entry.left = { lastUsedAt: this.lastUsedAt(entry), unreported: this.isUnreported(place) };
    entry.place = NOWHERE;
    this.#entries[place] = undefined;
    this.#values[place] = undefined;
  }

  #putOff(place: number): void {
    const { facts, asked } = this.#entries[place] as Entry<T>;
    const lastUsedAt = this.#times[2 * place + 1] as number;
    this.#times[2 * place] = Math.min(facts.expiresAt, lastUsedAt + facts.idleTimeoutMs, asked.servesUntil);
  }

  #link(entry: Entry<T>): void {
    const ofHandle = this.#chain(entry.facts.handle);
    entry.nextOfHandle = this.#handles[ofHandle];
    this.#handles[ofHandle] = entry;
    const ofIdentity = this.#chain(entry.facts.identityId);
    const neighbour = this.#identities[ofIdentity];
    if (neighbour !== undefined) neighbour.before = entry;
    entry.before = undefined;
    entry.after = neighbour;
    this.#identities[ofIdentity] = entry;
  }

  #grow(): void {
    const places = this.#marks.length * 2;
    const [times, marks] = [this.#times, this.#marks];
    this.#times = new Float64Array(2 * places);
    this.#times.set(times);
    this.#marks = new Uint8Array(places);
    this.#marks.set(marks);
    this.#handles = chainsOf(places);
    this.#identities = chainsOf(places);
    for (const entry of this.#all()) this.#link(entry);
  }

  /** FNV-1a. The names are the server's, and random. */
  #chain(name: string): number {
    let hash = 0x811c9dc5;
    for (let index = 0; index < name.length; index += 1) hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
    return (hash ^ (hash >>> 15)) & (this.#handles.length - 1);
  }

  /** The next in turn goes, but one that was read since it had its turn is spared once. */
  #evictOne(): void {
    for (;;) {
      const place = this.#hand;
      this.#hand = (place + 1) % this.#entries.length;
      const entry = this.#entries[place];
      if (entry === undefined) continue;
      const marks = this.#marks[place] as number;
      if ((marks & USED) === 0) {
        this.remove(entry);
        return;
      }
      this.#marks[place] = marks & ~USED;
    }
  }
}
