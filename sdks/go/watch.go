package trustlayer

import (
	"context"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
	"github.com/trust-layer/trust-layer/sdks/go/internal/lease"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// pace holds the spans of a watcher (SDK-42).
type pace struct {
	ping, silence, report   time.Duration
	retryFrom, retryTo      time.Duration
	notServed               time.Duration
	join, farewell, missing time.Duration
}

var usualPace = pace{
	ping: lease.PingInterval, silence: 3 * time.Second, report: 5 * time.Second,
	retryFrom: 50 * time.Millisecond, retryTo: 5 * time.Second, notServed: time.Minute,
	join: 5 * time.Millisecond, farewell: 500 * time.Millisecond, missing: time.Second,
}

// watcher is what a client builds around the lease: it follows Watch, and judges every remote answer (chapter 8).
type watcher struct {
	client  *TrustClient
	machine *lease.Machine[packed]
	packer  packer
	// clock reads both clocks at once.
	clock func() lease.Reading
	pace  pace
	// enabled is false in remote mode: no stream, and so no lease.
	enabled bool

	misses, degraded, batches atomic.Uint64
	listeners                 listeners
	tokens                    tokenCache
	bounded, strong           lane

	begun, closed atomic.Bool
	// closing is closed when closed becomes true; ctx ends when what is left must end too.
	closing chan struct{}
	ctx     context.Context
	cancel  context.CancelFunc
	group   sync.WaitGroup

	mu sync.Mutex
	// turned is closed and replaced whenever a pong came.
	turned chan struct{}
}

func newWatcher(client *TrustClient, config Config) *watcher {
	settings := lease.Default()
	settings.MaxEntries = config.MaxEntries
	w := &watcher{
		client: client, machine: lease.New[packed](settings, config.TenantID), clock: readClocks, pace: usualPace,
		enabled: !config.DisableWatch, closing: make(chan struct{}), turned: make(chan struct{}),
	}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	w.bounded, w.strong = lane{watcher: w}, lane{watcher: w, strong: true}
	w.tokens.limit = maxIssued
	return w
}

var clockOrigin = time.Now()

// readClocks reads the monotonic clock, which stands still while the machine is suspended, and the wall clock.
func readClocks() lease.Reading {
	now := time.Now()
	return lease.Reading{Mono: float64(now.Sub(clockOrigin)) / 1e6, Wall: float64(now.UnixNano()) / 1e6}
}

// begin opens the stream if that has not been done (SDK-30).
func (w *watcher) begin() {
	if w.enabled && !w.begun.Load() {
		w.start(&w.begun, w.follow)
	}
}

// start runs a goroutine once, unless the watcher is closed.
func (w *watcher) start(once *atomic.Bool, run func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed.Load() && once.CompareAndSwap(false, true) {
		w.group.Go(run)
	}
}

// close ends the stream in good order and waits for its goroutines. After it memory answers nothing (SDK-43).
func (w *watcher) close() {
	w.mu.Lock()
	first := w.closed.CompareAndSwap(false, true)
	w.mu.Unlock()
	if first {
		close(w.closing)
		late := time.AfterFunc(w.pace.farewell, w.cancel)
		w.group.Wait()
		late.Stop()
		w.cancel()
		w.machine.Stop()
		w.turn()
		w.listeners.close()
	}
}

// follow opens one stream after the other until the watcher is closed.
func (w *watcher) follow() {
	failures := 0
	for !w.closed.Load() {
		served, err := w.followOne()
		wait := w.pace.notServed
		if code := status.Code(err); served || (code != codes.Unimplemented && code != codes.PermissionDenied) {
			if failures++; served {
				failures = 0
			}
			most := min(w.pace.retryTo, w.pace.retryFrom<<min(failures, 16))
			wait = time.Duration(rand.Int64N(int64(most) + 1))
		}
		select {
		case <-time.After(wait):
		case <-w.closing:
		}
	}
}

// turn wakes those who wait for a lease.
func (w *watcher) turn() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.turned)
	w.turned = make(chan struct{})
}

// awaitLease says whether there is a lease, waiting for one until the context ends.
func (w *watcher) awaitLease(ctx context.Context) bool {
	w.begin()
	for {
		w.mu.Lock()
		turned := w.turned
		w.mu.Unlock()
		if w.machine.Leased(w.clock()) {
			return true
		}
		if w.closed.Load() || !w.enabled {
			return false
		}
		select {
		case <-turned:
		case <-ctx.Done():
			return false
		}
	}
}

// own takes what a call of this client changed, before its caller has the answer (WAT-15).
func (w *watcher) own(change lease.Change) {
	notice, told := w.machine.OwnChange(change, w.clock())
	w.tell(change, notice, told)
}

// tell passes a change on, to those whom the machine says.
func (w *watcher) tell(change lease.Change, notice lease.Notice, told bool) {
	if told {
		if notice.Kind == lease.KindTenant {
			w.tokens.clear()
		}
		w.listeners.tell(notice)
	}
	if change.Kind == lease.KindSigningKey {
		if !told {
			w.listeners.note(Change{Kind: SigningKeyChanged, Name: change.Name})
		}
		w.listeners.keyChanged()
	}
}

// AwaitLease says whether the client holds a lease, so that it may answer from memory. It opens the stream and waits for
// one until the context ends. False at once with [Config].DisableWatch. Nobody needs to wait: without a lease each question
// is asked.
func (c *TrustClient) AwaitLease(ctx context.Context) bool {
	return c.watch.awaitLease(ctx)
}

// Metrics are numbers about the memory of a client, none of them secret (SDK-41). They count from its construction.
type Metrics struct {
	// Hits are answers from memory, Misses the questions that it could not answer.
	Hits, Misses uint64
	// Degraded are answers given because a caller asked for [Degraded] ones.
	Degraded uint64
	// Batches are the calls that carried misses.
	Batches uint64
	// LeaseAge is the time since the proof behind the lease; nil without a lease.
	LeaseAge *time.Duration
	// Entries and Tombstones are what is held.
	Entries, Tombstones int
	// Streams are those opened so far.
	Streams uint64
}

// Metrics takes a snapshot.
func (c *TrustClient) Metrics() Metrics {
	w := c.watch
	entries, tombstones, streams := w.machine.Size()
	metrics := Metrics{
		Hits: w.machine.Hits(), Misses: w.misses.Load(), Degraded: w.degraded.Load(), Batches: w.batches.Load(),
		Entries: entries, Tombstones: tombstones, Streams: streams,
	}
	if age := w.machine.LeaseAge(w.clock()); !math.IsNaN(age) {
		span := time.Duration(age * 1e6)
		metrics.LeaseAge = &span
	}
	return metrics
}

func changeOf(wire *trustv1.Change) lease.Change {
	change := lease.Change{TenantID: wire.GetTenantId()}
	switch subject := wire.GetSubject().(type) {
	case *trustv1.Change_Session:
		change.Kind, change.Name = lease.KindSession, subject.Session.GetHandle()
		change.Version, change.Ended = subject.Session.GetVersion(), subject.Session.GetRevoked()
	case *trustv1.Change_Identity:
		change.Kind, change.Name = lease.KindIdentity, subject.Identity.GetIdentityId()
		change.Epoch, change.Version = subject.Identity.GetEpoch(), subject.Identity.GetVersion()
	case *trustv1.Change_Organisation:
		change.Kind, change.Name = lease.KindOrganisation, subject.Organisation.GetOrganisationId()
		change.Member, change.Version = subject.Organisation.GetIdentityId(), subject.Organisation.GetVersion()
	case *trustv1.Change_SigningKey:
		change.Kind, change.Name, change.Ended = lease.KindSigningKey, subject.SigningKey.GetKid(), subject.SigningKey.GetRetired()
	case *trustv1.Change_Service:
		change.Kind, change.Name = lease.KindService, subject.Service.GetService()
	default:
		// A tenant's, or one that this version cannot read: memory cannot tell what it is about.
		change.Kind, change.Version = lease.KindTenant, wire.GetTenant().GetVersion()
	}
	return change
}
