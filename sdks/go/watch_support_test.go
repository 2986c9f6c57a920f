package trustlayer

import (
	"context"
	"sync"
	"testing"
	"time"

	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
	"github.com/trust-layer/trust-layer/sdks/go/internal/fake"
	"github.com/trust-layer/trust-layer/sdks/go/internal/lease"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const (
	testHandle   = "ses_5a1e0cc27bd94f3f8e6d7c8b9a0f1e2d"
	testIdentity = "idn_0b6f1d2e3c4a59687786a5b4c3d2e1f0"
	wallOrigin   = 1_800_000_000_000
)

// testClock stands still until it is moved.
type testClock struct {
	mu      sync.Mutex
	reading lease.Reading
}

func (c *testClock) read() lease.Reading {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reading
}

func (c *testClock) move(ms float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reading.Mono += ms
	c.reading.Wall += ms
}

func (c *testClock) wall() float64 { return c.read().Wall }

// trustLayer is a server of the tests: it knows every session_id, and answers as told.
type trustLayer struct {
	*fake.Server
	clock *testClock

	mu sync.Mutex
	// before is called at each question, with the lock not held.
	before  func(call fake.Call)
	verdict func(sessionID string) *trustv1.Verdict
	other   func(call fake.Call) (proto.Message, error)
	// failure is answered to all questions.
	failure error
}

// activeVerdict is one of a session of its own for each session_id.
func activeVerdict(sessionID string) *trustv1.Verdict {
	handle := testHandle
	if sessionID != fake.SessionID {
		handle = "ses_" + sessionID
	}
	return &trustv1.Verdict{Answer: &trustv1.Verdict_Active{Active: &trustv1.ActiveVerdict{
		Session: &trustv1.Session{
			Handle: handle, IdentityId: testIdentity, Version: 1, Epoch: 1, IdleTimeoutSeconds: 3_600,
			LastUsedAt: timestamppb.New(time.UnixMilli(wallOrigin)), ExpiresAt: timestamppb.New(time.UnixMilli(wallOrigin + 86_400_000)),
		},
		Identity: &trustv1.IdentityFacts{Id: testIdentity, Epoch: 1, Version: 1, DisplayName: "Ada"},
	}}}
}

func (s *trustLayer) set(change func(*trustLayer)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func (s *trustLayer) handle(_ context.Context, call fake.Call) (proto.Message, error) {
	s.mu.Lock()
	before, verdict, other, failure := s.before, s.verdict, s.other, s.failure
	s.mu.Unlock()
	if failure != nil {
		return nil, failure
	}
	switch request := call.Request.(type) {
	case *trustv1.VerifyRequest:
		if before != nil {
			before(call)
		}
		return &trustv1.VerifyResponse{Verdict: verdict(request.GetSessionId())}, nil
	case *trustv1.BatchVerifyRequest:
		if before != nil {
			before(call)
		}
		answer := &trustv1.BatchVerifyResponse{}
		for _, id := range request.GetSessionIds() {
			answer.Verdicts = append(answer.Verdicts, verdict(id))
		}
		return answer, nil
	default:
		if other != nil {
			return other(call)
		}
		return nil, nil
	}
}

// watching makes a client with clocks of its own, and its server.
func watching(t *testing.T, config Config) (*TrustClient, *trustLayer) {
	t.Helper()
	server := &trustLayer{clock: &testClock{reading: lease.Reading{Wall: wallOrigin}}, verdict: activeVerdict}
	server.Server = fake.StartWatch(t, server.handle)
	config.Address = server.Address
	client, err := NewTrustClient(config)
	if err != nil {
		t.Fatal(err)
	}
	client.watch.clock = server.clock.read
	client.watch.pace = pace{
		ping: 2 * time.Millisecond, silence: 10 * time.Second, report: 5 * time.Millisecond,
		retryFrom: time.Millisecond, retryTo: 10 * time.Millisecond, notServed: time.Hour,
		join: time.Millisecond, farewell: 5 * time.Second, missing: 2 * time.Millisecond,
	}
	t.Cleanup(func() { _ = client.Close() })
	return client, server
}

// leased opens the stream and lets it have a lease that is renewed at each ping.
func leased(t *testing.T, client *TrustClient, server *trustLayer) *fake.Stream {
	t.Helper()
	client.watch.begin()
	stream := server.Next(t)
	stream.Ready()
	stream.AnswerPings(server.clock.wall)
	awaitLeased(t, client)
	return stream
}

func awaitLeased(t *testing.T, client *TrustClient) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if !client.AwaitLease(ctx) {
		t.Fatal("no lease")
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// settlePongs waits until pings that were sent from now on have been answered.
func settlePongs(t *testing.T, stream *fake.Stream) {
	t.Helper()
	for len(stream.Pings) > 0 {
		<-stream.Pings
	}
	for range 3 {
		<-stream.Pings
	}
}

func verify(t *testing.T, client *TrustClient, options ...VerifyOption) Verdict {
	t.Helper()
	verdict, err := client.Verify(t.Context(), fake.SessionID, options...)
	if err != nil {
		t.Fatal(err)
	}
	return verdict
}

func isLocal(client *TrustClient) bool {
	_, found := client.VerifyLocal(fake.SessionID)
	return found
}

// keep lets memory have the session of the tests.
func keep(t *testing.T, client *TrustClient) {
	t.Helper()
	verify(t, client)
	if !isLocal(client) {
		t.Fatal("not kept")
	}
}
