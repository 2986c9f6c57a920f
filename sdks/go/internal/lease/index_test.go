package lease

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestIndexIsAMap plays random turns on an index and on the map that it stands for. Hashes are few, so that many keys share a slot.
func TestIndexIsAMap(t *testing.T) {
	for _, hashes := range []uint64{1, 3, 7, 1 << 60} {
		t.Run(fmt.Sprintf("WAT-13/%d hashes", hashes), func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, hashes))
			var x index[int]
			known := map[string]*entry[int]{}
			hashOf := map[string]uint64{}
			for turn := range 4_000 {
				key := fmt.Sprintf("key %d", random.IntN(200))
				if _, seen := hashOf[key]; !seen {
					// The highest, so that chains run over the end of the table.
					hashOf[key] = ^uint64(0) - random.Uint64N(hashes)
				}
				hash := hashOf[key]
				if e := known[key]; e == nil {
					known[key] = &entry[int]{key: key}
					x.add(hash, known[key])
				} else {
					if x.remove(hash, &entry[int]{key: key}) {
						t.Fatalf("turn %d: another entry of the same key was removed", turn)
					}
					if !x.remove(hash, e) || x.remove(hash, e) {
						t.Fatalf("turn %d: an entry is removed once", turn)
					}
					delete(known, key)
				}
				for key, hash := range hashOf {
					if x.find(hash, key) != known[key] {
						t.Fatalf("turn %d: %s is not what the map has", turn, key)
					}
				}
			}
			if x.taken != len(known) {
				t.Fatalf("%d are taken of %d", x.taken, len(known))
			}
		})
	}
}
