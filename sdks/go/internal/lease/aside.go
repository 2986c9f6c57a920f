package lease

import "math"

// MaxStaleMs is the most by which a degraded answer may be old: less than tombstones are kept for.
const MaxStaleMs = 300_000

// aside keeps the entries of streams that have ended, for those who ask for degraded answers. Nothing else reads it.
type aside[T any] struct {
	byKey map[string]*entry[T]
	// since is when tidy first saw what was taken last; nil until then.
	since *Reading
}

// take moves the entries here, at most as many as there may be. What is here already goes where there is no room.
func (a *aside[T]) take(from *entries[T]) {
	if from.size == 0 {
		return
	}
	moved := make(map[string]*entry[T], from.size)
	var latest float64
	for e := from.newest; e != nil; {
		moved[e.key] = e
		latest = max(latest, e.filledAt.Mono)
		before := e.older
		e.older, e.newer, e.elder, e.younger = nil, nil, nil, nil
		e = before
	}
	for key, e := range a.byKey {
		if len(moved) >= from.limit {
			break
		}
		if _, newer := moved[key]; !newer && latest-e.filledAt.Mono < MaxStaleMs {
			moved[key] = e
		}
	}
	a.byKey, a.since = moved, nil
}

func (a *aside[T]) remove(key string) { delete(a.byKey, key) }

func (a *aside[T]) clear() { a.byKey = nil }

// tidy lets all go once it is too old to serve.
func (a *aside[T]) tidy(now Reading) {
	if a.since == nil {
		a.since = &now
	} else if !(Elapsed(*a.since, now) < MaxStaleMs) {
		a.clear()
	}
}

// Stale gives a yes that was asked for less than maxStaleMs ago and that nothing known speaks against, lease or not. Only
// for those who have asked for it in words, and only when the server could not be asked.
func (m *Machine[T]) Stale(key string, maxStaleMs float64, now Reading) (*T, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	e := m.entries.get(key)
	if e == nil {
		e = m.aside.byKey[key]
	}
	if e == nil || !(Elapsed(e.filledAt, now) < surelyWithin(min(maxStaleMs, MaxStaleMs))) || !m.admitsEntry(e) {
		return nil, false
	}
	// A tombstone that was dropped may have spoken against it.
	if !(e.filledAt.Mono-max(m.tombstones.droppedAt(), m.barrier) > surelyPast(m.settings.SourceBoundMs)) {
		return nil, false
	}
	time := m.lease.latestDatabaseTime(now)
	if math.IsNaN(time) || time >= e.expiresAt || time >= e.lastUsed()+e.idleMs {
		return nil, false
	}
	return &e.value, true
}
