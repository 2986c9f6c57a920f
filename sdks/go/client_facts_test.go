package trustlayer

import (
	"sync"
	"testing"

	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
	"github.com/trust-layer/trust-layer/sdks/go/internal/fake"
)

// boundVerdict is that of a session which is bound.
func boundVerdict(sessionID string) *trustv1.Verdict {
	verdict := activeVerdict(sessionID)
	verdict.GetActive().ClientBound = true
	return verdict
}

func TestBoundSessionsAreKeptForTheirClientAlone(t *testing.T) {
	client, server := watching(t, Config{})
	server.set(func(s *trustLayer) { s.verdict = boundVerdict })
	leased(t, client, server)
	home, away := From(ClientFacts{IPAddress: "203.0.113.7", UserAgent: "Firefox"}), From(ClientFacts{IPAddress: "198.51.100.7"})
	eventually(t, "an entry", func() bool {
		verify(t, client, home)
		_, found := client.VerifyLocal(fake.SessionID, home)
		return found
	})
	calls := len(server.Calls())
	if verdict := verify(t, client, home); !verdict.ClientBound || len(server.Calls()) != calls {
		t.Errorf("SDK-45: memory was not used for its client: %v", verdict)
	}
	for _, options := range [][]VerifyOption{{away}, {}} {
		if _, found := client.VerifyLocal(fake.SessionID, options...); found {
			t.Error("SES-16: memory answered another client")
		}
	}
	server.set(func(s *trustLayer) {
		s.verdict = func(string) *trustv1.Verdict {
			return fake.Rejected(trustv1.RejectionReason_REJECTION_REASON_CLIENT_MISMATCH)
		}
	})
	if verdict := verify(t, client, away); verdict.Active || verdict.Reason != RejectionClientMismatch {
		t.Errorf("SES-16: got %v", verdict)
	}
	if asked := server.Calls()[calls].Request.(*trustv1.VerifyRequest).GetClient(); asked.GetIpAddress() != "198.51.100.7" {
		t.Errorf("SDK-45: asked for %v", asked)
	}
	if !verify(t, client, home).Active || len(server.Calls()) != calls+1 {
		t.Error("SES-16: the no of another client ended what was kept")
	}
}

func TestQuestionsOfDifferentClientsAreNotShared(t *testing.T) {
	client, server := watching(t, Config{})
	release := make(chan struct{})
	server.set(func(s *trustLayer) { s.before = func(fake.Call) { <-release } })
	var done sync.WaitGroup
	for _, address := range []string{"203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.3"} {
		done.Add(1)
		go func() {
			defer done.Done()
			_, _ = client.Verify(t.Context(), fake.SessionID, From(ClientFacts{IPAddress: address}))
		}()
	}
	eventually(t, "all questions are asked or wait", func() bool { return client.Metrics().Misses == 4 })
	close(release)
	done.Wait()
	seen := map[string]bool{}
	for _, call := range server.Calls() {
		switch request := call.Request.(type) {
		case *trustv1.VerifyRequest:
			seen[request.GetClient().GetIpAddress()] = true
		case *trustv1.BatchVerifyRequest:
			if len(request.GetClients()) != len(request.GetSessionIds()) {
				t.Errorf("SDK-45: %d clients for %d session_ids", len(request.GetClients()), len(request.GetSessionIds()))
			}
			for _, one := range request.GetClients() {
				seen[one.GetIpAddress()] = true
			}
		}
	}
	if len(seen) != 3 {
		t.Errorf("SES-16: asked for %v", seen)
	}
}

func TestBatchVerifyTakesAClientForEach(t *testing.T) {
	client, server := watching(t, Config{})
	ids := []string{fake.SessionID, fake.SessionID}
	if _, err := client.BatchVerify(t.Context(), ids, FromEach(ClientFacts{IPAddress: "203.0.113.7"})); err == nil {
		t.Error("one client for two session_ids")
	}
	_, err := client.BatchVerify(t.Context(), ids, FromEach(ClientFacts{IPAddress: "203.0.113.7"}, ClientFacts{}))
	if err != nil || server.Calls()[0].Request.(*trustv1.BatchVerifyRequest).GetClients()[0].GetIpAddress() != "203.0.113.7" {
		t.Errorf("SDK-45: %v", err)
	}
}
