package trustlayer

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
	"github.com/trust-layer/trust-layer/sdks/go/internal/fake"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

func TestVerifyFromMemory(t *testing.T) {
	client, server := watching(t, Config{TenantID: "acme"})
	if len(server.Streams) != 0 || client.Metrics() != (Metrics{}) {
		t.Error("SDK-30: the construction did something")
	}
	if !verify(t, client).Active {
		t.Error("SDK-31: not asked without a lease")
	}
	stream := leased(t, client, server)
	keep(t, client)
	calls := len(server.Calls())
	for range 10 {
		if verdict := verify(t, client); verdict.Identity().GetDisplayName() != "Ada" || verdict.SessionHandle() != testHandle {
			t.Errorf("got %v", verdict)
		}
	}
	both, err := client.BatchVerify(t.Context(), []string{fake.SessionID, "x"})
	if err != nil || !both[0].Active || both[1].Reason != RejectionMalformed || len(server.Calls()) != calls {
		t.Errorf("SDK-31: memory was not used: %v %v", both, err)
	}
	verify(t, client, Strong())
	last := server.Calls()[calls].Request.(*trustv1.VerifyRequest)
	if last.GetConsistency() != trustv1.Consistency_CONSISTENCY_STRONG {
		t.Error("SDK-31: STRONG was not asked with STRONG")
	}
	got := client.Metrics()
	if got.Hits != 12 || got.Misses != 3 || got.Batches != 3 || got.Entries != 1 || got.Streams != 1 || got.LeaseAge == nil {
		t.Errorf("SDK-41: %+v", got)
	}
	if stream.Tenant != "acme" {
		t.Error("the stream is of another tenant")
	}
}

func TestRemoteMode(t *testing.T) {
	client, server := watching(t, Config{DisableWatch: true})
	verify(t, client)
	verify(t, client)
	if len(server.Streams) != 0 || len(server.Calls()) != 2 || client.AwaitLease(t.Context()) || client.Metrics().Streams != 0 {
		t.Error("SDK-30: a stream in remote mode")
	}
	_, _ = client.RevokeIdentitySessions(t.Context(), &trustv1.RevokeIdentitySessionsRequest{IdentityId: testIdentity})
	server.set(func(s *trustLayer) {
		s.other = func(fake.Call) (proto.Message, error) { return &trustv1.RevokeIdentitySessionsResponse{Epoch: 2}, nil }
	})
	_, _ = client.RevokeIdentitySessions(t.Context(), &trustv1.RevokeIdentitySessionsRequest{IdentityId: testIdentity})
	if _, err := client.Verify(t.Context(), fake.SessionID); ReasonOf(err) != ReasonUnreachable {
		t.Errorf("WAT-15 without a stream: %v", err)
	}
}

func TestLeaseOfHostilePongs(t *testing.T) {
	client, server := watching(t, Config{})
	client.watch.begin()
	stream := server.Next(t)
	first := <-stream.Pings
	holds := func() bool { return client.watch.machine.Leased(server.clock.read()) }
	// Whatever is sent after it, a change shows that it has arrived.
	arrived := func(stream *fake.Stream, name string) {
		t.Helper()
		told := make(chan Change, 1_000)
		stop := client.OnChange(func(change Change) { told <- change })
		defer stop()
		stream.Revoke(name)
		for change := range told {
			if change.Name == name {
				return
			}
		}
	}
	stream.Pong(first, wallOrigin)
	arrived(stream, "ses_1")
	if holds() {
		t.Error("WAT-5: a lease before ready")
	}
	stream.Ready()
	stream.Pong(first+1_000_000, wallOrigin)
	arrived(stream, "ses_2")
	if holds() {
		t.Error("WAT-5: a lease by a pong of no ping")
	}
	settlePongs(t, stream)
	sent := <-stream.Pings
	server.clock.move(1_900)
	stream.Pong(sent, wallOrigin)
	awaitLeased(t, client)
	server.clock.move(80)
	if holds() {
		t.Error("WAT-4: the lease reaches further than the sending of its ping + B")
	}
	settlePongs(t, stream)
	old := <-stream.Pings
	stream.End(fake.Fail(codes.Unavailable, "DRAINING"))
	second := server.Next(t)
	second.Ready()
	second.Pong(old, wallOrigin)
	arrived(second, "ses_3")
	if holds() {
		t.Error("WAT-3: a lease by a pong to a ping of another stream")
	}
	second.AnswerPings(func() float64 { return 0 })
	settlePongs(t, second)
	arrived(second, "ses_4")
	if holds() {
		t.Error("WAT-29: a lease without the time of the database")
	}
}

func TestChangesEndWhatMemorySays(t *testing.T) {
	changes := map[string]*trustv1.Change{
		"of the session": {Subject: &trustv1.Change_Session{Session: &trustv1.SessionChange{Handle: testHandle, Version: 2}}},
		"of the identity": {Subject: &trustv1.Change_Identity{
			Identity: &trustv1.IdentityChange{IdentityId: testIdentity, Epoch: 1, Version: 2}}},
		"of its epoch": {Subject: &trustv1.Change_Identity{
			Identity: &trustv1.IdentityChange{IdentityId: testIdentity, Epoch: 2}}},
		"of the tenant":        {Subject: &trustv1.Change_Tenant{Tenant: &trustv1.TenantChange{Version: 2}}},
		"that cannot be read":  {},
		"of a tenant, unnamed": {TenantId: "default"},
	}
	for name, change := range changes {
		t.Run("WAT-7 SDK-42 "+name, func(t *testing.T) {
			client, server := watching(t, Config{})
			stream := leased(t, client, server)
			keep(t, client)
			stream.Change(change)
			eventually(t, "evicted", func() bool { return !isLocal(client) })
		})
	}
}

func TestStaleAnswersAfterAChange(t *testing.T) {
	client, server := watching(t, Config{})
	stream := leased(t, client, server)
	// The question is under way when the change comes: from another node's memory it is answered with a yes.
	server.set(func(s *trustLayer) {
		s.before = func(fake.Call) {
			stream.Revoke(testHandle)
			eventually(t, "told", func() bool { return client.watch.machine.Ended(testHandle, testIdentity, 1) })
		}
	})
	if _, err := client.Verify(t.Context(), fake.SessionID); ReasonOf(err) != ReasonUnreachable {
		t.Errorf("SDK-33: a yes that a change speaks against was given out: %v", err)
	}
	var consistencies []string
	for _, call := range server.Calls() {
		consistencies = append(consistencies, strings.TrimPrefix(call.Request.(*trustv1.VerifyRequest).GetConsistency().String(), "CONSISTENCY_"))
	}
	if fmt.Sprint(consistencies) != "[BOUNDED"+strings.Repeat(" STRONG", 7)+"]" {
		t.Errorf("SDK-33: asked %v", consistencies)
	}
	server.set(func(s *trustLayer) {
		s.before = nil
		s.verdict = func(string) *trustv1.Verdict { return fake.Rejected(trustv1.RejectionReason_REJECTION_REASON_REVOKED) }
	})
	if verdict := verify(t, client); verdict.Reason != RejectionRevoked {
		t.Errorf("got %v", verdict)
	}
}

func TestSlowAnswers(t *testing.T) {
	for _, c := range []struct {
		name  string
		takes []float64
		asked int
		fails bool
	}{
		{"in time", []float64{1_700}, 1, false},
		{"late, then in time", []float64{1_740, 2_000, 2_000, 1_970}, 4, false},
		{"always late", slices.Repeat([]float64{2_000}, 8), 8, true},
	} {
		t.Run("WAT-12 SDK-33 "+c.name, func(t *testing.T) {
			client, server := watching(t, Config{DisableWatch: true})
			asked := 0
			server.set(func(s *trustLayer) {
				s.before = func(fake.Call) {
					server.clock.move(c.takes[asked])
					asked++
				}
			})
			verdict, err := client.Verify(t.Context(), fake.SessionID)
			if asked != c.asked || (ReasonOf(err) == ReasonUnreachable) != c.fails || verdict.Active == c.fails {
				t.Errorf("asked %d times: %v, %v", asked, verdict, err)
			}
		})
	}
}

func TestStreamIsCut(t *testing.T) {
	client, server := watching(t, Config{})
	stream := leased(t, client, server)
	keep(t, client)
	stream.AnswerPings(nil)
	stream.End(errors.New("cut"))
	second := server.Next(t)
	if isLocal(client) {
		t.Error("WAT-10: the cache of the last stream serves on the next")
	}
	second.Ready()
	second.AnswerPings(server.clock.wall)
	awaitLeased(t, client)
	if isLocal(client) {
		t.Error("WAT-10: the cache of the last stream serves on the next")
	}
	keep(t, client)
	if got := client.Metrics().Streams; got != 2 {
		t.Errorf("%d streams", got)
	}
}

func TestSilentStream(t *testing.T) {
	client, server := watching(t, Config{})
	client.watch.pace.silence = 50 * time.Millisecond
	client.watch.begin()
	silent := server.Next(t)
	server.Next(t)
	select {
	case <-silent.Gone:
	case <-time.After(20 * time.Second):
		t.Error("SDK-42: the silent call was not cancelled")
	}
}

func TestWatchIsNotServed(t *testing.T) {
	for name, refusal := range map[string]error{
		"RPC_NOT_SERVED": fake.Fail(codes.Unimplemented, "RPC_NOT_SERVED"),
		"SCOPE_MISSING":  fake.Fail(codes.PermissionDenied, "SCOPE_MISSING"),
	} {
		t.Run("SDK-42 "+name, func(t *testing.T) {
			client, server := watching(t, Config{})
			client.watch.pace.notServed = 30 * time.Millisecond
			client.watch.begin()
			from := time.Now()
			server.Next(t).End(refusal)
			second := server.Next(t)
			// At least; a backoff of other failures would be 10 ms at most.
			if took := time.Since(from); took < 25*time.Millisecond {
				t.Errorf("asked again after %s", took)
			}
			verify(t, client)
			second.Ready()
			second.AnswerPings(server.clock.wall)
			awaitLeased(t, client)
		})
	}
}

func TestUsesAreReported(t *testing.T) {
	client, server := watching(t, Config{})
	stream := leased(t, client, server)
	keep(t, client)
	next := func() *trustv1.SessionUse {
		t.Helper()
		select {
		case use := <-stream.Uses:
			return use.GetUses()[0]
		case <-time.After(20 * time.Second):
			t.Fatal("WAT-14: no report")
			return nil
		}
	}
	if use := next(); use.GetHandle() != testHandle || use.GetAgeMs() > 1 {
		t.Errorf("got %v", use)
	}
	server.clock.move(10)
	if !isLocal(client) {
		t.Fatal("no lease")
	}
	_ = client.Close()
	if use := next(); use.GetHandle() != testHandle {
		t.Errorf("at close: %v", use)
	}
	select {
	case <-stream.Gone:
	case <-time.After(20 * time.Second):
		t.Error("SDK-43: the stream did not end")
	}
}

func TestClose(t *testing.T) {
	before := runtime.NumGoroutine()
	client, server := watching(t, Config{})
	leased(t, client, server)
	keep(t, client)
	stop := client.OnRevoked(activeVerdict(fake.SessionID).GetActive().GetSession(), func(RevokedReason) {})
	defer stop()
	client.OnChange(func(Change) {})
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	for name, ask := range map[string]func() error{
		"Verify":      func() error { _, err := client.Verify(t.Context(), fake.SessionID); return err },
		"Verify, bad": func() error { _, err := client.Verify(t.Context(), "x"); return err },
		"BatchVerify": func() error { _, err := client.BatchVerify(t.Context(), []string{fake.SessionID}); return err },
		"TrustToken": func() error {
			_, err := client.TrustToken(t.Context(), fake.SessionID, "orders", TrustTokenOptions{})
			return err
		},
		"GetTenant": func() error { _, err := client.GetTenant(t.Context(), nil); return err },
	} {
		if err := ask(); ReasonOf(err) != ReasonCancelled {
			t.Errorf("SDK-43 %s: %v", name, err)
		}
	}
	if isLocal(client) || client.AwaitLease(t.Context()) || client.Close() == nil {
		t.Error("SDK-43: it lives on")
	}
	// What is left is the server's, which ends with the test.
	eventually(t, "no goroutine of the client", func() bool {
		buffer := make([]byte, 1<<20)
		stacks := string(buffer[:runtime.Stack(buffer, true)])
		return !strings.Contains(stacks, "trustlayer.(*watcher)") && !strings.Contains(stacks, "trustlayer.(*lane)") &&
			!strings.Contains(stacks, "trustlayer.(*stream)") && runtime.NumGoroutine() < before+30
	})
}
