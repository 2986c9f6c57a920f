package lease

import (
	"math"
	"sync/atomic"
)

// maxPings is how many pings wait for their pong; older ones could give no lease any more.
const maxPings = 64

type ping struct {
	number uint64
	sent   Reading
}

// proof is what a pong proved. It is never changed, so that readers need no lock.
type proof struct {
	sent         Reading
	databaseTime float64
	lengthMs     float64
}

// age is the milliseconds since the proof if it still gives a lease, else NaN.
func (p *proof) age(now Reading) float64 {
	if p == nil {
		return math.NaN()
	}
	if age := Elapsed(p.sent, now); age < p.lengthMs {
		return age
	}
	return math.NaN()
}

// lease says how far a round trip through the change feed proves that memory is current (WAT-5, WAT-6). All but held is
// guarded by the lock of the machine.
type lease struct {
	configuredMs, boundMs, lengthMs float64
	number                          uint64
	pings                           []ping
	// last is the latest proof, whether or not it still gives a lease.
	last *proof
	// held is last while it gives a lease. One that was seen to end does not come back by itself.
	held atomic.Pointer[proof]
}

func (l *lease) init(boundMs float64) {
	l.configuredMs, l.boundMs, l.lengthMs = boundMs, boundMs, surelyWithin(boundMs)
}

// reset begins a new stream: nothing is held. Pings count on, so that no late pong of an old stream is taken for one of
// this.
func (l *lease) reset() {
	l.held.Store(nil)
	l.pings = nil
}

// announce takes the server's B; it can make the configured one shorter, never longer. Without one there is no lease.
func (l *lease) announce(boundMs float64) {
	l.boundMs, l.lengthMs = l.configuredMs, 0
	if boundMs > 0 {
		l.boundMs = min(l.configuredMs, boundMs)
		l.lengthMs = surelyWithin(l.boundMs)
	}
	if l.held.Load() != nil {
		l.hold(l.last.sent, l.last.databaseTime)
	}
}

func (l *lease) hold(sent Reading, databaseTime float64) {
	l.last = &proof{sent: sent, databaseTime: databaseTime, lengthMs: l.lengthMs}
	l.held.Store(l.last)
}

// ping numbers a ping. now must be read before the ping is handed to the transport.
func (l *lease) ping(now Reading) uint64 {
	l.number++
	l.pings = append(l.pings, ping{l.number, now})
	if len(l.pings) > maxPings {
		l.pings = l.pings[1:]
	}
	return l.number
}

// pong lets the lease reach to the sending of ping number + B, however long the pong took. Unknown numbers and pongs
// without a time prove nothing.
func (l *lease) pong(number uint64, databaseTime float64) bool {
	for i, waiting := range l.pings {
		if waiting.number == number && databaseTime > 0 {
			l.pings = append([]ping(nil), l.pings[i+1:]...)
			l.hold(waiting.sent, databaseTime)
			return true
		}
	}
	return false
}

// check gives the age of a proof that was loaded from held, and remembers one that has ended.
func (l *lease) check(p *proof, now Reading) float64 {
	age := p.age(now)
	if p != nil && math.IsNaN(age) {
		l.held.CompareAndSwap(p, nil)
	}
	return age
}

// latestDatabaseTime is what the database's clock says now at most: the proof began after its ping was sent. NaN before
// the first pong.
func (l *lease) latestDatabaseTime(now Reading) float64 {
	if l.last == nil {
		return math.NaN()
	}
	return l.last.databaseTime + Elapsed(l.last.sent, now)
}
