/** Entries that are written later, in batches; one a key. */
export type WriteBehind<Entry> = {
  /** Notes an entry in place of the one of the same key. False, and nothing noted, if the key is new and the buffer is full. */
  note(key: string, entry: Entry): boolean;
  /** The entry of a key that is not known to be written yet. */
  get(key: string): Entry | undefined;
  readonly size: number;
  readonly full: boolean;
  /** Writes everything noted before the call. If a write fails the call does, and what is not written stays noted. */
  flush(): Promise<void>;
};

/** Makes a buffer of at most `limit` entries that writes at most `batch` of them at a time. Its owner calls `flush` on a schedule. */
export function writeBehind<Entry>(options: {
  readonly write: (entries: readonly Entry[]) => Promise<void>;
  readonly limit: number;
  readonly batch: number;
}): WriteBehind<Entry> {
  const noted = new Map<string, Entry>();
  let running: Promise<void> = Promise.resolve();

  const writeNoted = async () => {
    const entries = [...noted];
    for (let from = 0; from < entries.length; from += options.batch) {
      const batch = entries.slice(from, from + options.batch);
      await options.write(batch.map(([, entry]) => entry));
      for (const [key, entry] of batch) if (noted.get(key) === entry) noted.delete(key);
    }
  };

  return {
    note(key, entry) {
      if (noted.size >= options.limit && !noted.has(key)) return false;
      noted.set(key, entry);
      return true;
    },
    get: (key) => noted.get(key),
    get size() {
      return noted.size;
    },
    get full() {
      return noted.size >= options.limit;
    },
    flush() {
      running = running.then(writeNoted, writeNoted);
      return running;
    },
  };
}
