package lease

import (
	"hash/maphash"
	"math"
	"slices"
	"sync"
	"sync/atomic"
)

// entry is an active verdict in memory. What is not atomic is never changed once it is in the shards, but for the links,
// which the lock of the machine guards.
type entry[T any] struct {
	// What an answer reads comes first, so that it lies together.

	// endsAt is the instant at which it ends at the latest, idleMs how long after its last use. Database time.
	endsAt, idleMs float64
	// lastUsedAt is the latest known use, as bits of a float64. Database time.
	lastUsedAt atomic.Uint64
	// used says whether it was read since it was last spared, unreported whether a use waits to be reported.
	used, unreported                atomic.Bool
	key                             string
	value                           T
	handle, identityID              string
	version, epoch, identityVersion uint64
	// organisation is what the answer speaks of; nil where it speaks of none, as most do.
	organisation *organisation
	expiresAt    float64
	// filledAt is when the answer was asked for.
	filledAt Reading

	older, newer   *entry[T]
	elder, younger *entry[T]
}

// organisation is one in the version that an answer has.
type organisation struct {
	id      string
	version uint64
}

func (e *entry[T]) speaksOf(organisationID string) bool {
	return e.organisation != nil && e.organisation.id == organisationID
}

func (e *entry[T]) lastUsed() float64 { return math.Float64frombits(e.lastUsedAt.Load()) }

func (e *entry[T]) use(at float64) { e.lastUsedAt.Store(math.Float64bits(at)) }

const shardBits = 6

// shard is a part of the index by key, with a lock of its own, so that readers on many cores do not meet.
type shard[T any] struct {
	mu    sync.RWMutex
	byKey index[T]
	// hits counts the answers from this shard.
	hits atomic.Uint64
	_    [64]byte
}

// entries holds active verdicts by key, by handle and by identity, bounded. Only a yes is kept, so a flood of unknown ids
// moves nothing; a flood of good ones passes by what is in use (second chance). get may be called at any time, everything
// else with the lock of the machine held.
type entries[T any] struct {
	seed   maphash.Seed
	shards [1 << shardBits]shard[T]

	byHandle map[string]*entry[T]
	// byIdentity names the youngest entry of each identity; the others hang on it.
	byIdentity     map[string]*entry[T]
	oldest, newest *entry[T]
	size, limit    int
}

func (s *entries[T]) init(limit int) {
	s.seed, s.limit = maphash.MakeSeed(), limit
	s.byHandle, s.byIdentity = map[string]*entry[T]{}, map[string]*entry[T]{}
}

// hash is that of a key; its upper bits choose the shard.
func (s *entries[T]) hash(key string) uint64 { return maphash.String(s.seed, key) }

func (s *entries[T]) shard(hash uint64) *shard[T] { return &s.shards[hash>>(64-shardBits)] }

func (s *entries[T]) get(key string) *entry[T] {
	hash := s.hash(key)
	return s.shard(hash).get(hash, key)
}

func (s *shard[T]) get(hash uint64, key string) *entry[T] {
	s.mu.RLock()
	found := s.byKey.find(hash, key)
	s.mu.RUnlock()
	return found
}

// ofIdentity gives the entries of an identity.
func (s *entries[T]) ofIdentity(identityID string) []*entry[T] {
	var found []*entry[T]
	for one := s.byIdentity[identityID]; one != nil; one = one.elder {
		found = append(found, one)
	}
	return found
}

// ofOrganisation gives the entries that speak of an organisation, or of one member. For all it is a search through all: an
// organisation as a whole changes seldom.
func (s *entries[T]) ofOrganisation(organisationID, identityID string) []*entry[T] {
	if identityID != "" {
		theirs := s.ofIdentity(identityID)
		return slices.DeleteFunc(theirs, func(one *entry[T]) bool { return !one.speaksOf(organisationID) })
	}
	var found []*entry[T]
	for one := s.oldest; one != nil; one = one.newer {
		if one.speaksOf(organisationID) {
			found = append(found, one)
		}
	}
	return found
}

// put takes the place of what has its key or its handle.
func (s *entries[T]) put(e *entry[T]) {
	hash := s.hash(e.key)
	part := s.shard(hash)
	s.remove(part.get(hash, e.key))
	s.remove(s.byHandle[e.handle])
	for s.size >= s.limit && s.size > 0 {
		s.evictOne()
	}
	s.byHandle[e.handle] = e
	if youngest := s.byIdentity[e.identityID]; youngest != nil {
		e.elder, youngest.younger = youngest, e
	}
	s.byIdentity[e.identityID] = e
	s.append(e)
	s.size++
	part.mu.Lock()
	part.byKey.add(hash, e)
	part.mu.Unlock()
}

func (s *entries[T]) remove(e *entry[T]) {
	if e == nil {
		return
	}
	hash := s.hash(e.key)
	part := s.shard(hash)
	part.mu.Lock()
	gone := part.byKey.remove(hash, e)
	part.mu.Unlock()
	if !gone {
		return
	}
	delete(s.byHandle, e.handle)
	switch {
	case e.younger != nil:
		e.younger.elder = e.elder
	case e.elder != nil:
		s.byIdentity[e.identityID] = e.elder
	default:
		delete(s.byIdentity, e.identityID)
	}
	if e.elder != nil {
		e.elder.younger = e.younger
	}
	e.elder, e.younger = nil, nil
	s.unlink(e)
	s.size--
}

func (s *entries[T]) clear() {
	for i := range s.shards {
		part := &s.shards[i]
		part.mu.Lock()
		part.byKey = index[T]{}
		part.mu.Unlock()
	}
	s.byHandle, s.byIdentity = map[string]*entry[T]{}, map[string]*entry[T]{}
	s.oldest, s.newest, s.size = nil, nil, 0
}

// evictOne lets the oldest go, but one that was read since goes to the end of the queue once.
func (s *entries[T]) evictOne() {
	for {
		e := s.oldest
		if !e.used.Load() {
			s.remove(e)
			return
		}
		e.used.Store(false)
		s.unlink(e)
		s.append(e)
	}
}

func (s *entries[T]) append(e *entry[T]) {
	e.older = s.newest
	if s.newest != nil {
		s.newest.newer = e
	} else {
		s.oldest = e
	}
	s.newest = e
}

func (s *entries[T]) unlink(e *entry[T]) {
	if e.older != nil {
		e.older.newer = e.newer
	} else {
		s.oldest = e.newer
	}
	if e.newer != nil {
		e.newer.older = e.older
	} else {
		s.newest = e.older
	}
	e.older, e.newer = nil, nil
}
