package trustlayer

import (
	"sync"
	"sync/atomic"
	"time"

	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
	"github.com/trust-layer/trust-layer/sdks/go/internal/lease"
)

// RevokedReason says why a callback of [TrustClient.OnRevoked] was called.
type RevokedReason string

const (
	// RevokedForSure: the session has ended, or all sessions of its identity have.
	RevokedForSure RevokedReason = "revoked"
	// RevokedUnsure: changes may have been missed for longer than the server keeps them. Verify again, or close.
	RevokedUnsure RevokedReason = "unsure"
)

// ChangeKind says what a [Change] is about.
type ChangeKind string

// The kinds of a [Change].
const (
	SessionEnded    ChangeKind = "session_ended"
	SessionChanged  ChangeKind = "session_changed"
	IdentityChanged ChangeKind = "identity_changed"
	// OrganisationChanged: an organisation, its roles, or the membership of Member.
	OrganisationChanged ChangeKind = "organisation_changed"
	SigningKeyRetired   ChangeKind = "signing_key_retired"
	SigningKeyChanged   ChangeKind = "signing_key_changed"
	ServiceChanged      ChangeKind = "service_changed"
	TenantChanged       ChangeKind = "tenant_changed"
	// ChangesMissed: some were not told, for the backlog does not reach back to the last proof, or because the callbacks
	// did not keep up.
	ChangesMissed ChangeKind = "changes_missed"
)

// maxQueued bounds the changes that wait for callbacks; a server leaves no more unread.
const maxQueued = 16_384

// Change is what [TrustClient.OnChange] tells. A change may be told more than once, and in any order.
type Change struct {
	Kind ChangeKind
	// Name is the handle of the session, the id of the identity, organisation or key, or the name of the service; empty for a tenant.
	Name string
	// Member, of an organisation, is the one whom it concerns; empty where it concerns all.
	Member string
	// Version of a session that changed: lower ones are out of date.
	Version uint64
	// BelowEpoch, of an identity: its sessions of lower epochs have ended.
	BelowEpoch uint64
}

// listener waits for the end of one session.
type listener struct {
	handle, identityID string
	epoch              uint64
	since              lease.Reading
	callback           func(RevokedReason)
}

// listeners are the callbacks of a client. They run in goroutines of their own: those of OnChange one after the other in
// the order of the changes, those of OnRevoked each by itself.
type listeners struct {
	// ticking says whether the wait for gaps has begun.
	ticking atomic.Bool

	mu         sync.Mutex
	closed     bool
	byHandle   map[string]map[*listener]bool
	byIdentity map[string]map[*listener]bool
	changes    map[*func(Change)]bool
	keys       map[*func()]bool
	queue      []Change
	draining   bool
}

// OnRevoked calls back once when the session has ended or when that can no longer be ruled out, for what lives longer than
// a request: a WebSocket, a stream. If it has ended before, at once. The callback runs in a goroutine of its own; a panic
// in it is contained. stop ends the wait.
func (c *TrustClient) OnRevoked(session *trustv1.Session, callback func(RevokedReason)) (stop func()) {
	w := c.watch
	w.begin()
	one := &listener{
		handle: session.GetHandle(), identityID: session.GetIdentityId(), epoch: session.GetEpoch(),
		since: w.clock(), callback: callback,
	}
	w.listeners.add(one)
	// After it was added, so that no end falls between the two.
	if w.machine.Ended(one.handle, one.identityID, one.epoch) {
		w.listeners.call(one, RevokedForSure)
	}
	w.start(&w.listeners.ticking, w.watchForGaps)
	return func() { w.listeners.remove(one) }
}

// OnChange calls back for every change that the client learns of, its own and the backlog of each new stream included,
// one after the other. A callback should return soon: once 16,384 changes wait, they are dropped for one [ChangesMissed].
// A panic in it is contained. stop ends it.
func (c *TrustClient) OnChange(callback func(Change)) (stop func()) {
	c.watch.begin()
	return register(&c.watch.listeners, &c.watch.listeners.changes, callback)
}

func register[F any](l *listeners, to *map[*F]bool, callback F) (stop func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if *to == nil {
		*to = map[*F]bool{}
	}
	(*to)[&callback] = true
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(*to, &callback)
	}
}

func (l *listeners) add(one *listener) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	if l.byHandle == nil {
		l.byHandle, l.byIdentity = map[string]map[*listener]bool{}, map[string]map[*listener]bool{}
	}
	put(l.byHandle, one.handle, one)
	put(l.byIdentity, one.identityID, one)
}

func put(in map[string]map[*listener]bool, name string, one *listener) {
	if in[name] == nil {
		in[name] = map[*listener]bool{}
	}
	in[name][one] = true
}

// remove says whether it was still there.
func (l *listeners) remove(one *listener) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	there := l.byHandle[one.handle][one]
	take(l.byHandle, one.handle, one)
	take(l.byIdentity, one.identityID, one)
	return there
}

func take(from map[string]map[*listener]bool, name string, one *listener) {
	if delete(from[name], one); len(from[name]) == 0 {
		delete(from, name)
	}
}

// call calls back, once.
func (l *listeners) call(one *listener, reason RevokedReason) {
	if l.remove(one) {
		go contained(func() { one.callback(reason) })
	}
}

func contained(call func()) {
	defer func() { _ = recover() }()
	call()
}

func (l *listeners) tell(notice lease.Notice) {
	l.mu.Lock()
	var ended []*listener
	change := Change{Name: notice.Name}
	switch notice.Kind {
	case lease.KindSession:
		change.Kind, change.Version = SessionChanged, notice.Version
		if notice.Ended {
			change.Kind, change.Version = SessionEnded, 0
			for one := range l.byHandle[notice.Name] {
				ended = append(ended, one)
			}
		}
	case lease.KindIdentity:
		change.Kind, change.BelowEpoch = IdentityChanged, notice.Epoch
		for one := range l.byIdentity[notice.Name] {
			if one.epoch < notice.Epoch {
				ended = append(ended, one)
			}
		}
	case lease.KindOrganisation:
		change.Kind, change.Member = OrganisationChanged, notice.Member
	case lease.KindSigningKey:
		change.Kind = SigningKeyRetired
	case lease.KindService:
		change.Kind = ServiceChanged
	default:
		change = Change{Kind: TenantChanged}
	}
	l.enqueue(change)
	l.mu.Unlock()
	for _, one := range ended {
		l.call(one, RevokedForSure)
	}
}

// note tells of a change that ends nothing.
func (l *listeners) note(change Change) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.enqueue(change)
}

// enqueue is called with the lock held.
func (l *listeners) enqueue(change Change) {
	if len(l.changes) == 0 || l.closed {
		return
	}
	if len(l.queue) >= maxQueued {
		l.queue = []Change{{Kind: ChangesMissed}}
	}
	l.queue = append(l.queue, change)
	if !l.draining {
		l.draining = true
		go l.drain()
	}
}

func (l *listeners) drain() {
	for {
		l.mu.Lock()
		if len(l.queue) == 0 || l.closed {
			l.draining, l.queue = false, nil
			l.mu.Unlock()
			return
		}
		change := l.queue[0]
		l.queue = l.queue[1:]
		var callbacks []func(Change)
		for callback := range l.changes {
			callbacks = append(callbacks, *callback)
		}
		l.mu.Unlock()
		for _, callback := range callbacks {
			contained(func() { callback(change) })
		}
	}
}

// keyChanged tells the key sources that follow this client.
func (l *listeners) keyChanged() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for callback := range l.keys {
		(*callback)()
	}
}

// watchForGaps looks once a second whether changes may have been missed, also where no stream can be opened at all.
func (w *watcher) watchForGaps() {
	ticker := time.NewTicker(w.pace.missing)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			w.tellMissed()
		case <-w.closing:
			return
		}
	}
}

// tellMissed calls back those for whom changes may have been missed (WAT-18).
func (w *watcher) tellMissed() {
	now := w.clock()
	w.listeners.mu.Lock()
	var unsure []*listener
	for _, those := range w.listeners.byHandle {
		for one := range those {
			if w.machine.Missed(one.since, now) {
				unsure = append(unsure, one)
			}
		}
	}
	w.listeners.mu.Unlock()
	for _, one := range unsure {
		w.listeners.call(one, RevokedUnsure)
	}
}

func (l *listeners) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed, l.byHandle, l.byIdentity, l.changes, l.keys = true, nil, nil, nil, nil
}
