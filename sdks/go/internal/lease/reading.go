package lease

// Reading is both clocks of one machine, read together, in milliseconds.
type Reading struct {
	// Mono is a clock that never steps; it may stand still while the machine is suspended. Any origin.
	Mono float64
	// Wall counts from 1970, UTC. It may step either way.
	Wall float64
}

// drift is how wrong the pace of a clock may be (WAT-11): a span that ends a yes is cut by that much, one that ends a no
// is stretched.
const drift = 0.01

// surelyWithin is the longest measured span that is surely below ms of true time.
func surelyWithin(ms float64) float64 { return ms * (1 - drift) }

// surelyPast is the shortest measured span that is surely ms of true time.
func surelyPast(ms float64) float64 { return ms * (1 + drift) }

// Elapsed is what may have passed at most: the larger of what both clocks say. Ends a yes. NaN if a clock gives no number.
func Elapsed(from, to Reading) float64 { return max(to.Mono-from.Mono, to.Wall-from.Wall) }
