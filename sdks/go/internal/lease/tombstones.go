package lease

import (
	"container/list"
	"math"
)

// mark is the lowest version and epoch that are still acceptable (WAT-8).
type mark struct {
	name           string
	version, epoch uint64
	// ended: none is acceptable any more.
	ended bool
	// at is when it came, on the monotonic clock.
	at float64
}

func (m *mark) admits(version, epoch uint64) bool {
	return m == nil || (!m.ended && version >= m.version && epoch >= m.epoch)
}

// marks holds them in the order in which they came, at most limit. A mark only ever rises.
type marks struct {
	byName map[string]*list.Element
	order  *list.List
	limit  int
	// droppedAt is when the latest mark came that was dropped for want of room.
	droppedAt float64
}

func newMarks(limit int) *marks {
	return &marks{byName: map[string]*list.Element{}, order: list.New(), limit: limit, droppedAt: math.Inf(-1)}
}

func (m *marks) get(name string) *mark {
	if element, found := m.byName[name]; found {
		return element.Value.(*mark)
	}
	return nil
}

func (m *marks) raise(to mark) {
	if before, found := m.byName[to.name]; found {
		known := before.Value.(*mark)
		known.version, known.epoch = max(known.version, to.version), max(known.epoch, to.epoch)
		known.ended = known.ended || to.ended
		known.at = to.at
		m.order.MoveToBack(before)
		return
	}
	m.byName[to.name] = m.order.PushBack(&to)
	for m.order.Len() > m.limit {
		m.droppedAt = m.removeOldest().at
	}
}

func (m *marks) removeOldest() *mark {
	oldest := m.order.Remove(m.order.Front()).(*mark)
	delete(m.byName, oldest.name)
	return oldest
}

func (m *marks) forget(before float64) {
	for m.order.Len() > 0 && m.order.Front().Value.(*mark).at < before {
		m.removeOldest()
	}
}

// tombstones is the bounded memory of what may no longer be accepted. It holds facts, so it outlives streams.
type tombstones struct {
	sessions, identities, keys *marks
	// organisations has them by organisation, and by organisation and member.
	organisations *marks
}

func newTombstones(limit int) tombstones {
	return tombstones{newMarks(limit), newMarks(limit), newMarks(limit), newMarks(limit)}
}

// forget drops what came before an instant of the monotonic clock.
func (t tombstones) forget(before float64) {
	t.sessions.forget(before)
	t.identities.forget(before)
	t.keys.forget(before)
	t.organisations.forget(before)
}

// droppedAt is when the latest tombstone came that was dropped for want of room; -Inf if none was.
func (t tombstones) droppedAt() float64 {
	return max(t.sessions.droppedAt, t.identities.droppedAt, t.keys.droppedAt, t.organisations.droppedAt)
}

func (t tombstones) size() int {
	return len(t.sessions.byName) + len(t.identities.byName) + len(t.keys.byName) + len(t.organisations.byName)
}

// admits says whether nothing that is remembered asks for more than these facts.
func (t tombstones) admits(handle string, version uint64, identityID string, epoch, identityVersion uint64) bool {
	return t.sessions.get(handle).admits(version, 0) && t.identities.get(identityID).admits(identityVersion, epoch)
}

func (t tombstones) admitsToken(token TokenFacts) bool {
	return t.sessions.get(token.Sid).admits(token.Ver, 0) &&
		t.identities.get(token.Sub).admits(math.MaxUint64, token.Epoch) &&
		t.admitsOrganisation(token.Org, token.Sub, token.OrgVer) && t.keys.get(token.Kid) == nil
}

// admitsOrganisation says the same of what is said of an organisation and of a member of it.
func (t tombstones) admitsOrganisation(organisationID, identityID string, version uint64) bool {
	if organisationID == "" || len(t.organisations.byName) == 0 {
		return true
	}
	return t.organisations.get(organisationName(organisationID, "")).admits(version, 0) &&
		t.organisations.get(organisationName(organisationID, identityID)).admits(version, 0)
}

func organisationName(organisationID, identityID string) string {
	return organisationID + " " + identityID
}
