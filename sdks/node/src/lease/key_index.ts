// Which place of memory a key has. An open table of places instead of a `Map`: with many sessions nearly all of the time
// of an answer was spent in the chains of one, which lie all over the heap (bench local_verify).

/** The place of what is not there. */
export const NOWHERE = -1;

const FIRST_SLOTS = 128;
/** Characters that are looked at in front, behind the prefix of a session_id, and at the end. */
const PREFIX = 3;
const LOOKED_AT = 8;

/** What is random in a key: a session_id has it in front, whatever follows; a digest behind the name of its tenant, at the end. */
export function hashOf(key: string): number {
  const { length } = key;
  let hash = length;
  const front = Math.min(length, PREFIX + LOOKED_AT);
  for (let index = 0; index < front; index += 1) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  for (let index = Math.max(front, length - LOOKED_AT); index < length; index += 1) {
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}

export class KeyIndex {
  /** A place and 1, or 0 for none. Whatever does not find its own slot free is in one of the next. At most half are taken. */
  #slots = new Int32Array(FIRST_SLOTS);
  #hashes = new Int32Array(FIRST_SLOTS / 2);
  #keys: (string | undefined)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  find(key: string): number {
    const hash = hashOf(key);
    const last = this.#slots.length - 1;
    for (let slot = hash & last; ; slot = (slot + 1) & last) {
      const place = (this.#slots[slot] as number) - 1;
      if (place === NOWHERE || (this.#hashes[place] === hash && this.#keys[place] === key)) return place;
    }
  }

  /** The key of a place that is taken. */
  keyOf(place: number): string {
    return this.#keys[place] as string;
  }

  /** Gives a key that is not there a place that is free: one that was taken before, or the next that never was. */
  add(key: string, place: number): void {
    this.#size += 1;
    if (2 * this.#size > this.#slots.length) this.#grow();
    this.#keys[place] = key;
    this.#hashes[place] = hashOf(key);
    this.#enter(place);
  }

  delete(place: number): void {
    const last = this.#slots.length - 1;
    let free = (this.#hashes[place] as number) & last;
    while (this.#slots[free] !== place + 1) free = (free + 1) & last;
    // Those behind move up, but none in front of its own slot.
    for (let slot = (free + 1) & last; ; slot = (slot + 1) & last) {
      const next = this.#slots[slot] as number;
      if (next === 0) break;
      const own = (this.#hashes[next - 1] as number) & last;
      if (((slot - own) & last) >= ((slot - free) & last)) {
        this.#slots[free] = next;
        free = slot;
      }
    }
    this.#slots[free] = 0;
    this.#keys[place] = undefined;
    this.#size -= 1;
  }

  #enter(place: number): void {
    const last = this.#slots.length - 1;
    let slot = (this.#hashes[place] as number) & last;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & last;
    this.#slots[slot] = place + 1;
  }

  #grow(): void {
    const [slots, hashes] = [this.#slots, this.#hashes];
    this.#slots = new Int32Array(2 * slots.length);
    this.#hashes = new Int32Array(slots.length);
    this.#hashes.set(hashes);
    for (const taken of slots) if (taken !== 0) this.#enter(taken - 1);
  }
}
