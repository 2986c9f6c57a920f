package lease

import "math"

// Held is what memory has for a key, and the proof that was there before it was looked up.
type Held[T any] struct {
	machine *Machine[T]
	part    *shard[T]
	entry   *entry[T]
	proof   *proof
}

// Look finds what memory has for a key. The proof is read first: what it proves to have been delivered had been applied
// by then, so what is still there after it was there by that proof, however long this process is paused in between.
func (m *Machine[T]) Look(key string) Held[T] {
	proof := m.lease.held.Load()
	if proof == nil {
		return Held[T]{}
	}
	hash := m.entries.hash(key)
	part := m.entries.shard(hash)
	return Held[T]{machine: m, part: part, entry: part.get(hash, key), proof: proof}
}

// Found says whether there is anything to answer with.
func (h Held[T]) Found() bool { return h.entry != nil }

// Answer gives the local answer, which nobody may change, if the proof still gives a lease; else ask. Read now after Look. It counts as a use of
// the session.
func (h Held[T]) Answer(now Reading) (*T, bool) {
	if h.entry == nil {
		return nil, false
	}
	e := h.entry
	// The database's clock now at most. NaN without a lease, and nothing is less than that.
	time := h.proof.databaseTime + h.machine.lease.check(h.proof, now)
	last := e.lastUsed()
	if !(time < e.endsAt && time < last+e.idleMs) {
		return nil, false
	}
	// A use within the same millisecond is not worth the write, which other cores would wait for.
	if since := time - last; since >= 1 || since < 0 {
		e.use(time)
	}
	if !e.used.Load() {
		e.used.Store(true)
	}
	if !e.unreported.Load() {
		h.machine.noteUse(e)
	}
	h.part.hits.Add(1)
	return &e.value, true
}

// Hits counts the answers from memory.
func (m *Machine[T]) Hits() uint64 {
	var sum uint64
	for i := range m.entries.shards {
		sum += m.entries.shards[i].hits.Load()
	}
	return sum
}

// Verify is Look and Answer in one moment.
func (m *Machine[T]) Verify(key string, now Reading) (*T, bool) {
	return m.Look(key).Answer(now)
}

func (m *Machine[T]) noteUse(e *entry[T]) {
	m.usesMu.Lock()
	defer m.usesMu.Unlock()
	// As many as there may be entries; beyond that a report goes missing, which can only end a session early.
	if len(m.uses) < m.settings.MaxEntries && e.unreported.CompareAndSwap(false, true) {
		m.uses = append(m.uses, e)
	}
}

// TakeUses takes the uses that are not reported yet, at most limit.
func (m *Machine[T]) TakeUses(now Reading, limit int) []Use {
	m.mu.RLock()
	time := m.lease.latestDatabaseTime(now)
	m.mu.RUnlock()
	m.usesMu.Lock()
	defer m.usesMu.Unlock()
	taken := m.uses[:min(limit, len(m.uses))]
	if m.uses = m.uses[len(taken):]; len(m.uses) == 0 {
		m.uses = nil
	}
	var uses []Use
	for _, e := range taken {
		// First, so that a use that comes now waits for the next report.
		e.unreported.Store(false)
		if age := max(0, math.Ceil(time-e.lastUsed())); age <= maxUseAgeMs {
			uses = append(uses, Use{Handle: e.handle, AgeMs: uint32(age)})
		}
	}
	return uses
}
