package lease

// index finds entries by key: an open table, in which a search reads one line of memory and then the entry itself. In a map
// it would be several, far apart, and with many sessions each is waited for (bench local_verify). The zero value is empty.
type index[T any] struct {
	// slots are a power of two in number, at most half of them taken. What does not find its own free is in one of the next.
	slots []slot[T]
	taken int
}

type slot[T any] struct {
	hash  uint64
	entry *entry[T]
}

const firstSlots = 8

func (x *index[T]) find(hash uint64, key string) *entry[T] {
	if len(x.slots) == 0 {
		return nil
	}
	last := uint64(len(x.slots) - 1)
	for i := hash & last; ; i = (i + 1) & last {
		at := &x.slots[i]
		if at.entry == nil || (at.hash == hash && at.entry.key == key) {
			return at.entry
		}
	}
}

// add takes in an entry whose key is not there.
func (x *index[T]) add(hash uint64, e *entry[T]) {
	if x.taken++; 2*x.taken > len(x.slots) {
		slots := x.slots
		x.slots = make([]slot[T], max(firstSlots, 2*len(slots)))
		for _, old := range slots {
			if old.entry != nil {
				x.enter(old)
			}
		}
	}
	x.enter(slot[T]{hash, e})
}

func (x *index[T]) enter(new slot[T]) {
	last := uint64(len(x.slots) - 1)
	i := new.hash & last
	for x.slots[i].entry != nil {
		i = (i + 1) & last
	}
	x.slots[i] = new
}

// remove says whether this very entry was there.
func (x *index[T]) remove(hash uint64, e *entry[T]) bool {
	if len(x.slots) == 0 {
		return false
	}
	last := uint64(len(x.slots) - 1)
	free := hash & last
	for x.slots[free].entry != e {
		if x.slots[free].entry == nil {
			return false
		}
		free = (free + 1) & last
	}
	// Those behind move up, but none in front of its own slot.
	for i := (free + 1) & last; x.slots[i].entry != nil; i = (i + 1) & last {
		if own := x.slots[i].hash & last; (i-own)&last >= (i-free)&last {
			x.slots[free] = x.slots[i]
			free = i
		}
	}
	x.slots[free] = slot[T]{}
	x.taken--
	return true
}
