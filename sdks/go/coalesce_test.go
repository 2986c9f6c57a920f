package trustlayer

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
	"github.com/trust-layer/trust-layer/sdks/go/internal/fake"
	"google.golang.org/grpc/codes"
)

// testSessionID makes a well-formed session_id.
func testSessionID(number int) string {
	text := fmt.Sprintf("ts_%043d", number)
	return text + base62Checksum(text)
}

func TestMissesTravelTogether(t *testing.T) {
	client, server := watching(t, Config{})
	client.watch.pace.join = time.Hour
	leased(t, client, server)
	begun, let := make(chan struct{}, 10), make(chan struct{})
	server.set(func(s *trustLayer) {
		s.before = func(fake.Call) {
			begun <- struct{}{}
			<-let
		}
	})
	var group sync.WaitGroup
	ask := func(number int) {
		group.Go(func() {
			verdict, err := client.Verify(t.Context(), testSessionID(number))
			if err != nil || verdict.SessionHandle() != "ses_"+testSessionID(number) {
				t.Errorf("%d: got %v, %v", number, verdict, err)
			}
			verdict.Session().Handle = "spoilt"
		})
	}
	ask(0)
	<-begun
	for number := range 300 {
		ask(number)
		ask(number)
	}
	// The first 256 are sent as soon as they are there, the others when a call is done.
	<-begun
	eventually(t, "all wait", func() bool {
		client.watch.bounded.mu.Lock()
		defer client.watch.bounded.mu.Unlock()
		return len(client.watch.bounded.waiting) >= 44
	})
	close(let)
	group.Wait()
	batched := 0
	for i, call := range server.Calls() {
		if batch, ok := call.Request.(*trustv1.BatchVerifyRequest); ok {
			batched += len(batch.GetSessionIds())
		} else if i > 0 {
			// One that came when nothing was under way any more.
			batched++
		}
	}
	if calls := len(server.Calls()); calls > 8 || batched < 300 {
		t.Errorf("SDK-32: %d calls, %d questions", calls, batched)
	}
	if number := client.Metrics().Batches; number != uint64(len(server.Calls())) {
		t.Errorf("SDK-41: %d batches", number)
	}
}

func TestASlowCallHoldsNobodyUp(t *testing.T) {
	client, server := watching(t, Config{})
	leased(t, client, server)
	let, slow := make(chan struct{}), make(chan struct{}, 1)
	server.set(func(s *trustLayer) {
		s.before = func(call fake.Call) {
			if request, ok := call.Request.(*trustv1.VerifyRequest); ok && request.GetSessionId() == testSessionID(1) {
				slow <- struct{}{}
				<-let
			}
		}
	})
	done := make(chan error, 1)
	go func() { _, err := client.Verify(t.Context(), testSessionID(1)); done <- err }()
	<-slow
	if !verify(t, client).Active {
		t.Error("SDK-32: not answered beside a slow call")
	}
	// A question joins none that was sent before it.
	before := len(server.Calls())
	again := make(chan error, 1)
	go func() { _, err := client.Verify(t.Context(), testSessionID(1)); again <- err }()
	<-slow
	if len(server.Calls()) != before+1 {
		t.Error("SDK-32: joined a question that was sent before")
	}
	close(let)
	if <-done != nil || <-again != nil {
		t.Error("not answered")
	}
}

func TestCallersGiveUp(t *testing.T) {
	client, server := watching(t, Config{})
	client.watch.pace.join = time.Hour
	let, begun := make(chan struct{}), make(chan struct{}, 1)
	defer close(let)
	server.set(func(s *trustLayer) {
		s.before = func(fake.Call) {
			begun <- struct{}{}
			<-let
		}
	})
	go func() { _, _ = client.Verify(t.Context(), testSessionID(1)) }()
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.Verify(ctx, testSessionID(2)); ReasonOf(err) != ReasonCancelled {
		t.Errorf("got %v", err)
	}
}

func TestDegraded(t *testing.T) {
	client, server := watching(t, Config{})
	stream := leased(t, client, server)
	keep(t, client)
	down := fake.Fail(codes.Unavailable, "DATABASE_UNAVAILABLE")
	fail := func(err error) {
		server.set(func(s *trustLayer) { s.failure = err })
	}
	expect := func(what string, degraded bool, options ...VerifyOption) {
		t.Helper()
		verdict, err := client.Verify(t.Context(), fake.SessionID, options...)
		if (err == nil) != degraded || verdict.Active != degraded || verdict.Degraded != degraded {
			t.Errorf("SDK-35 %s: got %v, %v", what, verdict, err)
		}
	}
	if verify(t, client, Degraded(time.Minute)).Degraded {
		t.Error("SDK-35: degraded under a lease")
	}
	stream.AnswerPings(nil)
	server.clock.move(10_000)
	fail(down)
	expect("off by default", false)
	expect("asked for", true, Degraded(time.Minute))
	if both, err := client.BatchVerify(t.Context(), []string{fake.SessionID}, Degraded(time.Minute)); err != nil || !both[0].Degraded {
		t.Errorf("SDK-35 in a batch: %v %v", both, err)
	}
	expect("too old", false, Degraded(9*time.Second))
	stream.End(down)
	server.Next(t)
	expect("of an ended stream", true, Degraded(time.Minute))
	fail(fake.Fail(codes.Internal, "INTERNAL"))
	expect("another error", false, Degraded(time.Minute))
	fail(down)
	client.watch.took(&trustv1.RevokeSessionRequest{}, &trustv1.RevokeSessionResponse{Handle: testHandle, Version: 2})
	expect("revoked", false, Degraded(time.Minute))
	if got := client.Metrics().Degraded; got != 3 {
		t.Errorf("SDK-41: %d degraded", got)
	}
}
