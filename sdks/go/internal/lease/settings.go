package lease

import "time"

// Settings is what a lease is made of. Spans in milliseconds.
type Settings struct {
	// BoundMs is B: no answer from memory outlives a revocation by more. The smaller of this and what the server announces
	// holds.
	BoundMs float64
	// SourceBoundMs is how old the server's own answer may be at the moment it is asked: a node's bound.
	SourceBoundMs float64
	// WindowMs is W: how long a tombstone is kept. The larger of this and what the server announces holds.
	WindowMs float64
	// ClockMarginMs is how far behind the database's clock a verifier's wall clock may be, and how far ahead an issuer's.
	ClockMarginMs float64
	// MaxAgeMs is for how long an entry serves after it was filled, however often it is read.
	MaxAgeMs float64
	// MaxEntries is the most entries in memory.
	MaxEntries int
	// MaxTombstones is the most tombstones in memory, of each kind.
	MaxTombstones int
}

// Default gives the settings of an SDK.
func Default() Settings {
	return Settings{
		BoundMs: 2_000, SourceBoundMs: 250, WindowMs: 360_000, ClockMarginMs: 20_000, MaxAgeMs: 300_000,
		MaxEntries: 100_000, MaxTombstones: 200_000,
	}
}

// PingInterval is how often an SDK sends a ping (WAT-4).
const PingInterval = 500 * time.Millisecond
