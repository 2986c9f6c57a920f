package lease

// Open begins a stream: the cache starts empty. It gives the number of the stream.
func (m *Machine[T]) Open() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stream++
	m.connected, m.ready, m.proven = true, false, false
	m.lease.reset()
	m.aside.take(&m.entries)
	m.entries.clear()
	return m.stream
}

// Close ends a stream. What the lease proved stays proved until it runs out.
func (m *Machine[T]) Close(stream uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if stream == m.stream {
		m.connected = false
	}
}

// Ping numbers a ping; 0 if the stream is not the present one. Read now before sending.
func (m *Machine[T]) Ping(stream uint64, now Reading) uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.aside.tidy(now)
	if !m.current(stream) {
		return 0
	}
	return m.lease.ping(now)
}

// Ready says that the backlog is complete. It tells whether changes may have been missed since the last proof, so that
// what lives on (an open connection of a person) must be verified again (WAT-18).
func (m *Machine[T]) Ready(stream uint64, boundMs, windowMs float64, now Reading) (missed bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.current(stream) {
		return false
	}
	m.lease.announce(boundMs)
	m.windowMs, m.announcedMs = max(m.settings.WindowMs, windowMs), windowMs
	m.ready = true
	// The backlog reaches back by what the server keeps, whatever is kept here.
	return m.lease.last != nil && !(Elapsed(m.lease.last.sent, now) < surelyWithin(windowMs))
}

// Pong takes the answer to a ping. databaseTime is the database's clock at the read behind it, ms since 1970.
func (m *Machine[T]) Pong(stream, number uint64, databaseTime float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.current(stream) && m.ready && m.lease.pong(number, databaseTime) {
		m.proven = true
	}
}

// Change takes a change of the backlog or a new one, and says whether the owner is to be told.
func (m *Machine[T]) Change(stream uint64, change Change, now Reading) (Notice, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.current(stream) {
		return Notice{}, false
	}
	return m.apply(change, now)
}

// Missed says whether changes may have been missed since the last proof and since a reading (WAT-18).
func (m *Machine[T]) Missed(since, now Reading) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	span := Elapsed(since, now)
	if m.lease.last != nil {
		span = min(span, Elapsed(m.lease.last.sent, now))
	}
	return !(span < surelyWithin(m.announcedMs))
}

// Stream is the number of the present stream; 0 without one.
func (m *Machine[T]) Stream() uint64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if !m.connected {
		return 0
	}
	return m.stream
}

// Stop ends the machine: no lease, nothing in memory. What is asked before must not come in after.
func (m *Machine[T]) Stop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.connected = false
	m.lease.reset()
	m.entries.clear()
	m.aside.clear()
}

func (m *Machine[T]) current(stream uint64) bool {
	return m.connected && stream == m.stream && stream > 0
}
