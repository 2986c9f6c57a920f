/** What a lease is made of. Spans in milliseconds; defaults are those of spec/06_watch.md. */
export interface LeaseSettings {
  /** B: no answer from memory outlives a revocation by more. The smaller of this and what the server announces holds. */
  readonly boundMs: number;
  /** How old the source's own answer may be at the moment it is asked: a node's bound; 0 for a database that is read. */
  readonly sourceBoundMs: number;
  /** W: how long a tombstone is kept. The larger of this and what the server announces holds. */
  readonly windowMs: number;
  /** How far behind the database's clock a verifier's wall clock may be, and how far ahead an issuer's. */
  readonly clockMarginMs: number;
  /** An entry serves for at most this long after it was filled, however often it is read. */
  readonly maxAgeMs: number;
  /** Most entries in memory. */
  readonly maxEntries: number;
  /** Most tombstones in memory, of each kind. */
  readonly maxTombstones: number;
}

/** Settings of an SDK. */
export const SDK_LEASE: LeaseSettings = {
  boundMs: 2_000,
  sourceBoundMs: 250,
  windowMs: 360_000,
  clockMarginMs: 20_000,
  maxAgeMs: 300_000,
  maxEntries: 100_000,
  maxTombstones: 200_000,
};

/** Settings of a server node's own cache of verdicts, which asks the database itself. */
export const NODE_LEASE: LeaseSettings = { ...SDK_LEASE, boundMs: 250, sourceBoundMs: 0 };

/** How often an SDK sends a ping. */
export const PING_INTERVAL_MS = 500;
