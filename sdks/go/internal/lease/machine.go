// Package lease is the lease protocol (chapter 6 of the standard) as a pure state machine: events in, decisions out, time
// an argument. It does no I/O, reads no clock and sets no timer. Safe for concurrent use: answers from memory take no
// lock but that of a shard, and write nothing but atomics.
package lease

import (
	"math"
	"sync"
)

// Ask is a question to the server, as it stood when it was asked.
type Ask struct {
	// Stream is the one whose cache the answer may enter; 0 for none.
	Stream uint64
	At     Reading
	// SourceBoundMs is how old the server's answer may be at that moment: nothing if it was asked to read the database.
	SourceBoundMs float64
}

// AnswerUse says what to do with a remote answer.
type AnswerUse string

// Kept and Used give the answer to the caller; Late and Superseded drop it and ask again, with STRONG.
const (
	Kept       AnswerUse = "kept"
	Used       AnswerUse = "used"
	Late       AnswerUse = "late"
	Superseded AnswerUse = "superseded"
)

// TokenDecision says whether a Trust Token may be accepted.
type TokenDecision string

// TokenUnknown: memory cannot tell; ask the server or refuse.
const (
	TokenAccept  TokenDecision = "accept"
	TokenRefuse  TokenDecision = "refuse"
	TokenUnknown TokenDecision = "unknown"
)

// Use is a use to report: WatchUse.
type Use struct {
	Handle string
	AgeMs  uint32
}

const maxUseAgeMs = 60_000

// Machine is one per tenant and server. Events of a stream name it by the number that Open gave; those of any other are
// ignored. T is what a local answer gives.
type Machine[T any] struct {
	settings Settings
	tenantID string
	entries  entries[T]
	lease    lease

	mu         sync.RWMutex
	tombstones tombstones
	// stream counts the streams opened so far; the last is the present one.
	stream           uint64
	connected, ready bool
	// proven says whether the present stream has proved anything yet.
	proven   bool
	windowMs float64
	// announcedMs is the W that the server announced.
	announcedMs float64
	// barrier is when a change came that memory cannot tell from others (a tenant's). Monotonic.
	barrier float64
	aside   aside[T]

	usesMu sync.Mutex
	uses   []*entry[T]
}

// New makes a machine. Changes of other tenants than tenantID are ignored; empty means that there are none such.
func New[T any](settings Settings, tenantID string) *Machine[T] {
	m := &Machine[T]{settings: settings, tenantID: tenantID, windowMs: settings.WindowMs, announcedMs: settings.WindowMs}
	m.barrier = math.Inf(-1)
	m.tombstones = newTombstones(settings.MaxTombstones)
	m.entries.init(settings.MaxEntries)
	m.lease.init(settings.BoundMs)
	return m
}

// OwnChange takes what this process changed itself, once the server has answered: at once, with or without a stream
// (WAT-15).
func (m *Machine[T]) OwnChange(change Change, now Reading) (Notice, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if change.Kind == KindTenant {
		m.barrier = now.Mono
	}
	return m.apply(change, now)
}

// Leased says whether the lease holds.
func (m *Machine[T]) Leased(now Reading) bool { return m.LeaseAge(now) >= 0 }

// LeaseAge is the milliseconds since the proof behind the lease; NaN without a lease.
func (m *Machine[T]) LeaseAge(now Reading) float64 { return m.lease.check(m.lease.held.Load(), now) }

// Ask notes a question to the server at the moment before it is sent; strong if the server is to read the database.
func (m *Machine[T]) Ask(now Reading, strong bool) Ask {
	ask := Ask{At: now, SourceBoundMs: m.settings.SourceBoundMs}
	if strong {
		ask.SourceBoundMs = 0
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.connected && m.proven {
		ask.Stream = m.stream
	}
	return ask
}

// Answered judges a remote answer. facts are nil for a rejection, which is always used and never kept.
func (m *Machine[T]) Answered(ask Ask, key string, facts *SessionFacts[T], now Reading) AnswerUse {
	m.mu.Lock()
	defer m.mu.Unlock()
	if facts == nil {
		m.entries.remove(m.entries.get(key))
		m.aside.remove(key)
		return Used
	}
	if !(Elapsed(ask.At, now) < surelyWithin(m.lease.boundMs-ask.SourceBoundMs)) {
		return Late
	}
	known := m.entries.byHandle[facts.Handle]
	if !m.admits(facts) || (known != nil && known.version > facts.Version) {
		return Superseded
	}
	// What the server knew when asked may be older than a tombstone that is no longer there.
	sinceHorizon := ask.At.Mono - max(m.tombstones.droppedAt(), m.barrier)
	if !(sinceHorizon > surelyPast(ask.SourceBoundMs)) {
		return Superseded
	}
	if !m.current(ask.Stream) {
		return Used
	}
	e := &entry[T]{
		key: key, handle: facts.Handle, version: facts.Version, identityID: facts.IdentityID, epoch: facts.Epoch,
		identityVersion: facts.IdentityVersion, expiresAt: facts.ExpiresAt, idleMs: facts.IdleTimeoutMs, value: facts.Value,
		filledAt: ask.At,
	}
	if facts.OrganisationID != "" {
		e.organisation = &organisation{facts.OrganisationID, facts.OrganisationVersion}
	}
	e.endsAt = min(facts.ExpiresAt, m.lease.latestDatabaseTime(now)+m.settings.MaxAgeMs)
	e.use(facts.LastUsedAt)
	m.entries.put(e)
	m.aside.remove(key)
	return Kept
}

// Token says whether a Trust Token that is otherwise good may be accepted. Its own instants must be judged by the same
// now.Wall.
func (m *Machine[T]) Token(token TokenFacts, now Reading) TokenDecision {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if !m.tombstones.admitsToken(token) {
		return TokenRefuse
	}
	proven := m.lease.last
	if proven == nil || !m.Leased(now) {
		return TokenUnknown
	}
	// A slow clock would let a token live on after its tombstone.
	slow := proven.sent.Wall+m.settings.ClockMarginMs < proven.databaseTime || now.Wall < proven.sent.Wall
	complete := now.Mono-m.tombstones.droppedAt() > surelyPast(m.windowMs)
	if slow || !complete {
		return TokenUnknown
	}
	return TokenAccept
}

// Ended says whether a session that was authenticated in an epoch of its identity is known to have ended.
func (m *Machine[T]) Ended(handle, identityID string, epoch uint64) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return !m.tombstones.admits(handle, math.MaxUint64, identityID, epoch, math.MaxUint64)
}

// Forget removes what memory has for a key.
func (m *Machine[T]) Forget(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entries.remove(m.entries.get(key))
	m.aside.remove(key)
}

// Size is how much is held.
func (m *Machine[T]) Size() (entries, tombstones int, streams uint64) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.entries.size, m.tombstones.size(), m.stream
}

func (m *Machine[T]) admits(facts *SessionFacts[T]) bool {
	return m.tombstones.admits(facts.Handle, facts.Version, facts.IdentityID, facts.Epoch, facts.IdentityVersion) &&
		m.tombstones.admitsOrganisation(facts.OrganisationID, facts.IdentityID, facts.OrganisationVersion)
}

func (m *Machine[T]) admitsEntry(e *entry[T]) bool {
	return m.tombstones.admits(e.handle, e.version, e.identityID, e.epoch, e.identityVersion) &&
		(e.organisation == nil || m.tombstones.admitsOrganisation(e.organisation.id, e.identityID, e.organisation.version))
}

func (m *Machine[T]) apply(change Change, now Reading) (Notice, bool) {
	if m.tenantID != "" && change.TenantID != "" && change.TenantID != m.tenantID {
		return Notice{}, false
	}
	// By the monotonic clock alone: a step of the other must not end a no.
	m.tombstones.forget(now.Mono - surelyPast(m.windowMs))
	to := mark{name: change.Name, version: change.Version, epoch: change.Epoch, ended: change.Ended, at: now.Mono}
	switch change.Kind {
	case KindSession:
		to.epoch = 0
		m.tombstones.sessions.raise(to)
		m.evict(m.entries.byHandle[change.Name])
	case KindIdentity:
		m.tombstones.identities.raise(to)
		for _, e := range m.entries.ofIdentity(change.Name) {
			m.evict(e)
		}
	case KindOrganisation:
		to.name = organisationName(change.Name, change.Member)
		m.tombstones.organisations.raise(to)
		for _, e := range m.entries.ofOrganisation(change.Name, change.Member) {
			m.evict(e)
		}
	case KindSigningKey:
		if !change.Ended {
			return Notice{}, false
		}
		m.tombstones.keys.raise(to)
	case KindTenant:
		m.entries.clear()
		m.aside.clear()
		// What comes before ready may be as old as the backlog; no answer that was asked for before it is kept.
		if m.ready {
			m.barrier = now.Mono
		}
	case KindService:
	default:
		return Notice{}, false
	}
	return Notice(change), true
}

// evict removes an entry only if it is older than what the tombstone asks for.
func (m *Machine[T]) evict(e *entry[T]) {
	if e != nil && !m.admitsEntry(e) {
		m.entries.remove(e)
	}
}
