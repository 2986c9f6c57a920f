package trustlayer

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
	"github.com/trust-layer/trust-layer/sdks/go/internal/fake"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

// issuing makes the server issue tokens that differ, and count them.
func issuing(server *trustLayer) (count func() int) {
	issued := 0
	server.set(func(s *trustLayer) {
		s.other = func(call fake.Call) (proto.Message, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			issued++
			claims := fake.Claims(time.UnixMilli(int64(server.clock.wall())))
			claims["jti"] = fmt.Sprint("j", issued)
			return &trustv1.IssueTrustTokenResponse{TrustToken: fake.NewKey("k1").Token(claims)}, nil
		}
	})
	return func() int {
		server.mu.Lock()
		defer server.mu.Unlock()
		return issued
	}
}

func TestTrustTokenIsKept(t *testing.T) {
	client, server := watching(t, Config{})
	count := issuing(server)
	token := func(audience string, options TrustTokenOptions) string {
		t.Helper()
		token, err := client.TrustToken(t.Context(), fake.SessionID, audience, options)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	expect := func(what string, issued int) {
		t.Helper()
		token("orders", TrustTokenOptions{})
		if got := count(); got != issued {
			t.Errorf("SDK-38 %s: %d issued, want %d", what, got, issued)
		}
	}
	expect("without a lease", 1)
	expect("without a lease", 2)
	stream := leased(t, client, server)
	expect("under a lease", 3)
	expect("again", 3)
	token("billing", TrustTokenOptions{})
	token("orders", TrustTokenOptions{Scope: []string{"read"}})
	token("orders", TrustTokenOptions{Lifetime: 10 * time.Second})
	expect("of another audience, scope and lifetime", 6)
	server.clock.move(47_999)
	settlePongs(t, stream)
	awaitLeased(t, client)
	expect("before 80 % of its life", 6)
	server.clock.move(1)
	expect("after 80 % of its life", 7)
	client.watch.took(&trustv1.UpdateTenantRequest{}, &trustv1.UpdateTenantResponse{})
	expect("after a change of the tenant", 8)
	stream.AnswerPings(nil)
	server.clock.move(2_000)
	expect("without a lease", 9)
	stream.End(fake.Fail(codes.Unavailable, "DRAINING"))
	second := server.Next(t)
	second.Ready()
	second.AnswerPings(server.clock.wall)
	awaitLeased(t, client)
	expect("on another stream", 10)
	expect("again", 10)
	client.watch.took(&trustv1.RetireSigningKeyRequest{Kid: "k1"}, &trustv1.RetireSigningKeyResponse{})
	if _, err := client.TrustToken(t.Context(), fake.SessionID, "orders", TrustTokenOptions{}); ReasonOf(err) != ReasonSessionRejected {
		t.Errorf("SDK-38: a token of a retired key was given out: %v", err)
	}
}

func TestTrustTokensTravelTogether(t *testing.T) {
	client, server := watching(t, Config{})
	leased(t, client, server)
	count := issuing(server)
	server.set(func(s *trustLayer) {
		issue := s.other
		s.other = func(call fake.Call) (proto.Message, error) {
			time.Sleep(50 * time.Millisecond)
			return issue(call)
		}
	})
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if _, err := client.TrustToken(t.Context(), fake.SessionID, "orders", TrustTokenOptions{}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got := count(); got > 2 {
		t.Errorf("SDK-38: %d issued for 20 who asked at once", got)
	}
	server.set(func(s *trustLayer) {
		s.other = func(fake.Call) (proto.Message, error) {
			return nil, fake.Fail(codes.Unauthenticated, "SESSION_REJECTED")
		}
	})
	if _, err := client.TrustToken(t.Context(), fake.SessionID, "x", TrustTokenOptions{}); ReasonOf(err) != ReasonSessionRejected {
		t.Errorf("got %v", err)
	}
}

// watchingVerifier makes a verifier with the client's clock.
func watchingVerifier(t *testing.T, client *TrustClient) *Verifier {
	t.Helper()
	keys, err := NewStaticKeySource(fake.JWKS(fake.NewKey("k1"), fake.NewKey("k2")))
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := NewVerifier(fake.Issuer, fake.Audience, keys, WithWatch(client))
	if err != nil {
		t.Fatal(err)
	}
	return verifier
}

func TestVerifierWatches(t *testing.T) {
	client, server := watching(t, Config{Timeout: 100 * time.Millisecond})
	verifier := watchingVerifier(t, client)
	claims := fake.Claims(time.UnixMilli(wallOrigin))
	token := fake.NewKey("k1").Token(claims)
	expect := func(what, token, code string) {
		t.Helper()
		got, err := verifier.Verify(t.Context(), token)
		failed, _ := err.(*Error)
		if (err == nil) != (code == "") || (err != nil && failed.Code != code) || (got != nil) != (err == nil) {
			t.Errorf("%s: got %v, want %q", what, err, code)
		}
		reasons := map[string]string{TokenRevoked: ReasonTrustTokenRejected, LeaseLost: ReasonLeaseLost}
		if want := reasons[code]; want != "" && failed.Reason != want {
			t.Errorf("%s: reason %s", what, failed.Reason)
		}
	}
	expect("TOK-29 without a lease", token, LeaseLost)
	stream := leased(t, client, server)
	expect("under a lease", token, "")
	got, _ := verifier.Verify(t.Context(), token)
	got.AMR[0], got.Subject = "spoilt", "spoilt"
	if again, _ := verifier.Verify(t.Context(), token); again.AMR[0] != "pwd" || again.Subject != testIdentity {
		t.Error("SDK-39: what is kept was changed by a caller")
	}
	spoilt := token[:len(token)-4] + "AAAA"
	expect("another signature", spoilt, TokenSignature)
	stream.AnswerPings(nil)
	server.clock.move(1_980)
	expect("TOK-29 when the lease has ended, though it is kept", token, LeaseLost)
	stream.AnswerPings(server.clock.wall)
	awaitLeased(t, client)
	expect("with a lease again", token, "")
	claims["ver"] = 2
	newer := fake.NewKey("k1").Token(claims)
	expect("of a newer version", newer, "")
	client.watch.took(&trustv1.RotateSessionRequest{}, &trustv1.RotateSessionResponse{Session: &trustv1.Session{Handle: testHandle, Version: 2}})
	expect("TOK-28 a lower version", token, TokenRevoked)
	expect("TOK-28 the version itself", newer, "")
	stream.Change(identityChange(2))
	eventually(t, "told", func() bool { return client.watch.machine.Ended("", testIdentity, 1) })
	expect("TOK-28 a lower epoch", newer, TokenRevoked)
	claims["epoch"] = 2
	newer = fake.NewKey("k2").Token(claims)
	expect("the epoch itself", newer, "")
	client.watch.took(&trustv1.RetireSigningKeyRequest{Kid: "k2"}, &trustv1.RetireSigningKeyResponse{})
	expect("TOK-28 a retired key", newer, TokenRevoked)
	old := fake.NewKey("k1").Token(claims)
	expect("before it expires", old, "")
	server.clock.move(66_000)
	expect("TOK-25 kept, and expired", old, TokenExpired)
	for name, options := range map[string][]VerifierOption{
		"remote mode":    {WithWatch(remoteClient(t))},
		"another tenant": {WithWatch(client), WithTenant("other")},
	} {
		if _, err := NewVerifier(fake.Issuer, fake.Audience, &StaticKeySource{}, options...); err == nil {
			t.Errorf("a verifier watches with a client of %s", name)
		}
	}
}

func remoteClient(t *testing.T) *TrustClient {
	client, _ := watching(t, Config{DisableWatch: true})
	return client
}

func TestVerifierWaitsForALease(t *testing.T) {
	client, server := watching(t, Config{Timeout: 20 * time.Second})
	verifier := watchingVerifier(t, client)
	token := fake.NewKey("k1").Token(fake.Claims(time.UnixMilli(wallOrigin)))
	done := make(chan error, 2)
	ask := func() { _, err := verifier.Verify(t.Context(), token); done <- err }
	go ask()
	stream := server.Next(t)
	stream.Ready()
	stream.AnswerPings(server.clock.wall)
	if err := <-done; err != nil {
		t.Errorf("SDK-39: it did not wait: %v", err)
	}
	// A token that expires in the wait has expired.
	stream.AnswerPings(nil)
	server.clock.move(60_000)
	verifier.verified.remove(token)
	go ask()
	time.Sleep(20 * time.Millisecond)
	server.clock.move(5_000)
	stream.AnswerPings(server.clock.wall)
	if err := <-done; err == nil || err.(*Error).Code != TokenExpired {
		t.Errorf("SDK-39: the instants were not judged again: %v", err)
	}
	// A clock that is behind the database's cannot tell, with a lease too, and does not wait.
	stream.AnswerPings(func() float64 { return server.clock.wall() + 20_001 })
	settlePongs(t, stream)
	fresh := fake.NewKey("k1").Token(fake.Claims(time.UnixMilli(int64(server.clock.wall()))))
	if _, err := verifier.Verify(t.Context(), fresh); ReasonOf(err) != ReasonLeaseLost {
		t.Errorf("WAT-17: %v", err)
	}
}

func TestVerifiedTokensAreBounded(t *testing.T) {
	var kept verifiedTokens
	for i := range 3 * maxVerified {
		kept.put(verifiedToken{token: fmt.Sprint(i)})
		kept.put(verifiedToken{token: fmt.Sprint(i)})
		if i%7 == 0 {
			kept.remove(fmt.Sprint(i))
		}
	}
	if _, found := kept.get(fmt.Sprint(3*maxVerified - 1)); len(kept.byToken) > maxVerified || len(kept.order) > maxVerified || !found {
		t.Errorf("SDK-39: %d tokens, %d places", len(kept.byToken), len(kept.order))
	}
}

func TestWatchKeySource(t *testing.T) {
	client, server := watching(t, Config{})
	keys := []fake.Key{fake.NewKey("k1")}
	reads := 0
	server.set(func(s *trustLayer) {
		s.other = func(fake.Call) (proto.Message, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			reads++
			answer := &trustv1.GetTrustKeysResponse{Keys: []*trustv1.TrustKey{{Jwk: "no JSON"}}}
			for _, key := range keys {
				text, _ := json.Marshal(key.JWK())
				answer.Keys = append(answer.Keys, &trustv1.TrustKey{Kid: key.ID, Jwk: string(text)})
			}
			return answer, nil
		}
	})
	source, err := NewWatchKeySource(client)
	if err != nil {
		t.Fatal(err)
	}
	expect := func(what, kid string, want bool, wantReads int) {
		t.Helper()
		key, found, err := source.Key(context.Background(), kid)
		server.mu.Lock()
		defer server.mu.Unlock()
		if err != nil || found != want || (found && key.ID != kid) || reads != wantReads {
			t.Errorf("SDK-40 %s: got %t, %v after %d readings", what, found, err, reads)
		}
	}
	expect("first", "k1", true, 1)
	expect("again", "k1", true, 1)
	stream := leased(t, client, server)
	server.set(func(*trustLayer) { keys = []fake.Key{fake.NewKey("k2")} })
	told := make(chan Change, 1)
	client.OnChange(func(change Change) { told <- change })
	change := &trustv1.SigningKeyChange{Kid: "k2"}
	stream.Change(&trustv1.Change{Subject: &trustv1.Change_SigningKey{SigningKey: change}})
	stream.Revoke("ses_1")
	<-told
	expect("after a change", "k2", true, 2)
	expect("that is gone", "k1", false, 3)
	source.Close()
	if _, err := NewWatchKeySource(nil); err == nil {
		t.Error("a source without a client")
	}
	server.set(func(s *trustLayer) {
		s.other = func(fake.Call) (proto.Message, error) { return nil, fake.Fail(codes.Unavailable, "DRAINING") }
	})
	source.changed()
	if _, found, err := source.Key(t.Context(), "k2"); err != nil || !found {
		t.Errorf("TOK-27: a known key does not serve while the source is down: %v", err)
	}
	if _, _, err := source.Key(t.Context(), "k3"); err == nil {
		t.Error("TOK-27: something was said of an unknown key while the source is down")
	}
}
