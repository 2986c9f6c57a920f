package lease

import (
	"fmt"
	"math"
	"sync"
	"testing"
)

// What the scenarios cannot say as plain data.

func at(ms float64) Reading { return Reading{Mono: ms, Wall: scenarioBase + ms} }

func facts(name string) *SessionFacts[string] {
	return &SessionFacts[string]{
		Handle: "ses_" + name, Version: 1, IdentityID: "idn_1", Epoch: 1, IdentityVersion: 1,
		ExpiresAt: scenarioBase + 86_400_000, LastUsedAt: scenarioBase, IdleTimeoutMs: 3_600_000, Value: name,
	}
}

func ended(name string) Change {
	return Change{Kind: KindSession, Name: "ses_" + name, Version: 2, Ended: true}
}

func connected(change func(*Settings)) (*Machine[string], uint64) {
	settings := Default()
	if change != nil {
		change(&settings)
	}
	m := New[string](settings, "")
	return m, connect(m, at(0))
}

func connect(m *Machine[string], now Reading) uint64 {
	stream := m.Open()
	m.Ready(stream, 2_000, 360_000, now)
	m.Pong(stream, m.Ping(stream, now), now.Wall)
	return stream
}

func fill(t *testing.T, m *Machine[string], name string, now Reading) {
	t.Helper()
	if use := m.Answered(m.Ask(now, false), name, facts(name), now); use != Kept {
		t.Fatalf("%s was %s", name, use)
	}
}

func holds(m *Machine[string], name string, now Reading) bool {
	value, found := m.Verify(name, now)
	return found && *value == name
}

func TestFloods(t *testing.T) {
	// WAT-13: a flood of unknown ids moves no entry, a flood of good ones none that is in use.
	m, _ := connected(func(s *Settings) { s.MaxEntries = 100 })
	for i := range 50 {
		fill(t, m, fmt.Sprint("good", i), at(1))
	}
	allThere := func() {
		t.Helper()
		for i := range 50 {
			if !holds(m, fmt.Sprint("good", i), at(2)) {
				t.Fatalf("good%d has gone", i)
			}
		}
	}
	allThere()
	for i := range 10_000 {
		m.Answered(m.Ask(at(2), false), fmt.Sprint("bad", i), nil, at(2))
	}
	allThere()
	for i := range 1_000 {
		fill(t, m, fmt.Sprint("new", i), at(2))
		if i%40 == 0 {
			allThere()
		}
	}
	allThere()
	if entries, _, _ := m.Size(); entries != 100 {
		t.Errorf("%d entries", entries)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	// WAT-8, WAT-14
	m, _ := connected(func(s *Settings) { s.MaxTombstones, s.MaxEntries = 10, 10 })
	for i := range 100 {
		fill(t, m, fmt.Sprint("s", i), at(1))
		m.Verify(fmt.Sprint("s", i), at(2))
	}
	if uses := m.TakeUses(at(3), 1_024); len(uses) != 10 {
		t.Errorf("%d uses", len(uses))
	}
	for i := range 1_000 {
		m.OwnChange(ended(fmt.Sprint(i)), at(float64(i)))
		m.OwnChange(Change{Kind: KindIdentity, Name: fmt.Sprint("idn_", i), Epoch: 2}, at(float64(i)))
		m.OwnChange(Change{Kind: KindSigningKey, Name: fmt.Sprint("k", i), Ended: true}, at(float64(i)))
	}
	if _, tombstones, _ := m.Size(); tombstones != 30 {
		t.Errorf("%d tombstones", tombstones)
	}
}

func TestPauseBetweenLookAndAnswer(t *testing.T) {
	// WAT-5: an answer rests on the proof that was there when memory was read, not on one that came in a pause after it.
	m, stream := connected(nil)
	fill(t, m, "a", at(1))
	held := m.Look("a")
	m.Change(stream, ended("a"), at(5_000))
	m.Pong(stream, m.Ping(stream, at(6_000)), at(6_000).Wall)
	if _, found := held.Answer(at(6_001)); found || !m.Leased(at(6_001)) {
		t.Error("a revoked session was active by a proof that came later")
	}
}

func TestDeletedIdentity(t *testing.T) {
	// WAT-7: no epoch is acceptable once an identity is deleted; no version once a session has ended.
	m, stream := connected(nil)
	fill(t, m, "a", at(1))
	m.Change(stream, Change{Kind: KindIdentity, Name: "idn_1", Epoch: Gone}, at(2))
	m.Change(stream, ended("b"), at(2))
	last := facts("b")
	last.Version, last.IdentityID = math.MaxUint64, "idn_2"
	if holds(m, "a", at(3)) || m.Answered(m.Ask(at(3), true), "b", last, at(3)) != Superseded {
		t.Error("accepted")
	}
}

func TestStale(t *testing.T) {
	stale := func(m *Machine[string], name string, most float64, now Reading) bool {
		_, found := m.Stale(name, most, now)
		return found
	}
	expect := func(what string, got, want bool) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %t", what, got)
		}
	}
	prepare := func(names ...string) (*Machine[string], uint64) {
		m, stream := connected(nil)
		for _, name := range names {
			fill(t, m, name, at(1_000))
		}
		return m, stream
	}
	m, _ := prepare("a", "b", "c")
	expect("without a lease", stale(m, "a", 60_000, at(30_000)), true)
	m.Open()
	expect("of an ended stream", stale(m, "a", 60_000, at(30_000)), true)
	expect("for normal answers", holds(m, "a", at(30_000)), false)
	expect("too old", stale(m, "a", 60_000, at(61_000)), false)
	expect("by the wall clock", stale(m, "a", 60_000, Reading{Mono: 30_000, Wall: scenarioBase + 61_000}), false)
	expect("over the bound", stale(m, "a", math.Inf(1), at(301_000)), false)
	expect("unknown", stale(m, "d", 60_000, at(2_000)), false)
	m.OwnChange(ended("a"), at(3_000))
	expect("after an end", stale(m, "a", 60_000, at(4_000)), false)
	m.Answered(m.Ask(at(3_000), false), "b", nil, at(3_000))
	expect("after a rejection", stale(m, "b", 60_000, at(4_000)), false)
	expect("of another", stale(m, "c", 60_000, at(4_000)), true)
	connect(m, at(5_000))
	connect(m, at(6_000))
	expect("of a stream before the last", stale(m, "c", 60_000, at(7_000)), true)
	m.OwnChange(Change{Kind: KindTenant}, at(8_000))
	expect("after a change of the tenant", stale(m, "c", 60_000, at(9_000)), false)

	m, stream := prepare("a")
	m.Change(stream, Change{Kind: KindTenant}, at(8_000))
	expect("after a change of the tenant on a stream", stale(m, "a", 60_000, at(9_000)), false)
	m, _ = connected(nil)
	short := facts("a")
	short.IdleTimeoutMs = 10_000
	m.Answered(m.Ask(at(1), false), "a", short, at(1))
	expect("before its idle time-out", stale(m, "a", 60_000, at(9_000)), true)
	expect("after its idle time-out", stale(m, "a", 60_000, at(11_000)), false)
	m, _ = connected(nil)
	fill(t, m, "a", at(1))
	stream = m.Open()
	m.Ping(stream, at(2))
	m.Ping(stream, at(300_001))
	expect("kept while it may serve", len(m.aside.byKey) == 1, true)
	m.Ping(stream, at(300_002))
	expect("let go after it", len(m.aside.byKey) == 0, true)
}

func TestConcurrentUse(t *testing.T) {
	// For the race detector; a revoked session must never come back.
	m, stream := connected(func(s *Settings) { s.MaxEntries = 50 })
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			for i := range 2_000 {
				name := fmt.Sprint("s", i%80)
				if !holds(m, name, at(2)) {
					m.Answered(m.Ask(at(1), false), name, facts(name), at(2))
				}
				switch {
				case i%100 == 50:
					m.TakeUses(at(3), 10)
				case i%500 == 99 && worker == 0:
					m.Change(stream, ended(fmt.Sprint("s", i%80)), at(2))
				case i%700 == 300:
					m.Pong(stream, m.Ping(stream, at(2)), at(2).Wall)
					m.Token(TokenFacts{}, at(2))
				}
			}
		})
	}
	group.Wait()
	for _, name := range []string{"s19", "s39", "s59", "s79"} {
		if holds(m, name, at(3)) {
			t.Errorf("%s is back", name)
		}
	}
}
