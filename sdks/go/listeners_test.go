package trustlayer

import (
	"testing"
	"time"

	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
	"github.com/trust-layer/trust-layer/sdks/go/internal/fake"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

func sessionOf(handle string, epoch uint64) *trustv1.Session {
	return &trustv1.Session{Handle: handle, IdentityId: testIdentity, Epoch: epoch}
}

func identityChange(epoch uint64) *trustv1.Change {
	return &trustv1.Change{Subject: &trustv1.Change_Identity{Identity: &trustv1.IdentityChange{IdentityId: testIdentity, Epoch: epoch}}}
}

// waitFor registers a callback and gives what it is told.
func waitFor(t *testing.T, client *TrustClient, session *trustv1.Session) (told chan RevokedReason, stop func()) {
	t.Helper()
	told = make(chan RevokedReason, 10)
	return told, client.OnRevoked(session, func(reason RevokedReason) { told <- reason })
}

func expectTold(t *testing.T, what string, told chan RevokedReason, reason RevokedReason) {
	t.Helper()
	select {
	case got := <-told:
		if got != reason {
			t.Errorf("SDK-37 %s: told %s", what, got)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("SDK-37 %s: not told", what)
	}
}

func TestOnRevoked(t *testing.T) {
	client, server := watching(t, Config{})
	stream := leased(t, client, server)
	ended, _ := waitFor(t, client, sessionOf("ses_1", 1))
	other, _ := waitFor(t, client, sessionOf("ses_2", 1))
	later, _ := waitFor(t, client, sessionOf("ses_3", 5))
	stopped, stop := waitFor(t, client, sessionOf("ses_1", 1))
	stop()
	client.OnRevoked(sessionOf("ses_1", 1), func(RevokedReason) { panic("contained") })
	stream.Revoke("ses_1")
	stream.Revoke("ses_1")
	expectTold(t, "an end", ended, RevokedForSure)
	stream.Change(identityChange(3))
	expectTold(t, "an epoch", other, RevokedForSure)
	before, _ := waitFor(t, client, sessionOf("ses_1", 7))
	expectTold(t, "an end before the registration", before, RevokedForSure)
	before, _ = waitFor(t, client, sessionOf("ses_9", 2))
	expectTold(t, "an epoch before the registration", before, RevokedForSure)
	_, err := client.RevokeSession(t.Context(), &trustv1.RevokeSessionRequest{})
	server.set(func(s *trustLayer) {
		s.other = func(fake.Call) (proto.Message, error) {
			return &trustv1.RevokeSessionResponse{Handle: "ses_3", Version: 2}, nil
		}
	})
	if len(later) != 0 || err != nil {
		t.Errorf("SDK-37: told of another's end, %v", err)
	}
	_, _ = client.RevokeSession(t.Context(), &trustv1.RevokeSessionRequest{})
	expectTold(t, "an end of our own", later, RevokedForSure)
	if len(ended) != 0 || len(other) != 0 || len(stopped) != 0 {
		t.Error("SDK-37: told twice, or after stop")
	}
}

func TestOnRevokedUnsure(t *testing.T) {
	client, server := watching(t, Config{})
	stream := leased(t, client, server)
	told, _ := waitFor(t, client, sessionOf("ses_1", 1))
	stream.AnswerPings(nil)
	server.clock.move(356_399)
	time.Sleep(20 * time.Millisecond)
	if len(told) != 0 {
		t.Error("WAT-18: unsure too early")
	}
	server.clock.move(1)
	expectTold(t, "99 % of W without a proof", told, RevokedUnsure)

	remote, clock := watching(t, Config{DisableWatch: true})
	told, _ = waitFor(t, remote, sessionOf("ses_1", 1))
	clock.clock.move(356_400)
	expectTold(t, "99 % of W since the registration", told, RevokedUnsure)
}

func TestOnChange(t *testing.T) {
	client, server := watching(t, Config{})
	told := make(chan Change, 100)
	stop := client.OnChange(func(change Change) { told <- change })
	client.OnChange(func(Change) { panic("contained") })
	stream := leased(t, client, server)
	stream.Revoke("ses_1")
	stream.Change(&trustv1.Change{Subject: &trustv1.Change_Session{Session: &trustv1.SessionChange{Handle: "ses_2", Version: 4}}})
	stream.Change(identityChange(3))
	stream.Change(&trustv1.Change{Subject: &trustv1.Change_SigningKey{SigningKey: &trustv1.SigningKeyChange{Kid: "k1", Retired: true}}})
	stream.Change(&trustv1.Change{Subject: &trustv1.Change_SigningKey{SigningKey: &trustv1.SigningKeyChange{Kid: "k2"}}})
	stream.Change(&trustv1.Change{Subject: &trustv1.Change_Service{Service: &trustv1.ServiceChange{Service: "web"}}})
	stream.Change(&trustv1.Change{TenantId: "other", Subject: &trustv1.Change_Session{Session: &trustv1.SessionChange{Handle: "x"}}})
	stream.Change(&trustv1.Change{Subject: &trustv1.Change_Tenant{Tenant: &trustv1.TenantChange{Version: 2}}})
	for _, want := range []Change{
		{Kind: SessionEnded, Name: "ses_1"}, {Kind: SessionChanged, Name: "ses_2", Version: 4},
		{Kind: IdentityChanged, Name: testIdentity, BelowEpoch: 3}, {Kind: SigningKeyRetired, Name: "k1"},
		{Kind: SigningKeyChanged, Name: "k2"},
		{Kind: ServiceChanged, Name: "web"}, {Kind: TenantChanged},
	} {
		select {
		case got := <-told:
			if got != want {
				t.Errorf("SDK-37: told %+v, want %+v", got, want)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("SDK-37: not told %+v", want)
		}
	}
	stop()
	client.watch.took(&trustv1.SetPasswordRequest{IdentityId: testIdentity}, &trustv1.SetPasswordResponse{Epoch: 4})
	if len(told) != 0 {
		t.Error("SDK-37: told after stop")
	}
}

func TestOnChangeThatDoesNotKeepUp(t *testing.T) {
	client, server := watching(t, Config{})
	told, goOn := make(chan Change, 2*maxQueued), make(chan struct{})
	client.OnChange(func(change Change) {
		told <- change
		<-goOn
	})
	leased(t, client, server)
	tell := func(name string) { client.watch.listeners.note(Change{Kind: SessionEnded, Name: name}) }
	tell("first")
	if got := <-told; got.Name != "first" {
		t.Fatalf("told %+v", got)
	}
	for range maxQueued {
		tell("many")
	}
	tell("last")
	close(goOn)
	if missed, last := <-told, <-told; missed != (Change{Kind: ChangesMissed}) || last.Name != "last" {
		t.Errorf("SDK-37: told %+v, %+v", missed, last)
	}
}

func TestOwnChanges(t *testing.T) {
	identity := &trustv1.Identity{Id: testIdentity, Epoch: 2, Version: 2}
	cases := map[string]struct {
		call   func(client *TrustClient) error
		answer proto.Message
	}{
		"RevokeSession": {func(c *TrustClient) error {
			_, err := c.RevokeSession(t.Context(), &trustv1.RevokeSessionRequest{Target: &trustv1.RevokeSessionRequest_Handle{Handle: testHandle}})
			return err
		}, &trustv1.RevokeSessionResponse{Handle: testHandle, Version: 2}},
		"RevokeSession, unknown there": {func(c *TrustClient) error {
			_, err := c.RevokeSession(t.Context(), &trustv1.RevokeSessionRequest{
				Target: &trustv1.RevokeSessionRequest_SessionId{SessionId: fake.SessionID}})
			return err
		}, &trustv1.RevokeSessionResponse{}},
		"ExchangeSignInCode": {func(c *TrustClient) error {
			_, err := c.ExchangeSignInCode(t.Context(), &trustv1.ExchangeSignInCodeRequest{})
			return err
		}, &trustv1.ExchangeSignInCodeResponse{PreviousHandle: testHandle, PreviousVersion: 2}},
		"RevokeIdentitySessions": {func(c *TrustClient) error {
			_, err := c.RevokeIdentitySessions(t.Context(), &trustv1.RevokeIdentitySessionsRequest{IdentityId: testIdentity})
			return err
		}, &trustv1.RevokeIdentitySessionsResponse{Epoch: 2}},
		"RotateSession": {func(c *TrustClient) error {
			_, err := c.RotateSession(t.Context(), &trustv1.RotateSessionRequest{})
			return err
		}, &trustv1.RotateSessionResponse{Session: &trustv1.Session{Handle: testHandle, Version: 2}}},
		"DisableIdentity": {func(c *TrustClient) error {
			_, err := c.DisableIdentity(t.Context(), nil)
			return err
		}, &trustv1.DisableIdentityResponse{Identity: identity}},
		"LockIdentity": {func(c *TrustClient) error {
			_, err := c.LockIdentity(t.Context(), nil)
			return err
		}, &trustv1.LockIdentityResponse{Identity: identity}},
		"EnableIdentity": {func(c *TrustClient) error {
			_, err := c.EnableIdentity(t.Context(), nil)
			return err
		}, &trustv1.EnableIdentityResponse{Identity: identity}},
		"UpdateIdentity": {func(c *TrustClient) error {
			_, err := c.UpdateIdentity(t.Context(), nil)
			return err
		}, &trustv1.UpdateIdentityResponse{Identity: identity}},
		"AddIdentifier": {func(c *TrustClient) error {
			_, err := c.AddIdentifier(t.Context(), nil)
			return err
		}, &trustv1.AddIdentifierResponse{Identity: identity}},
		"RemoveIdentifier": {func(c *TrustClient) error {
			_, err := c.RemoveIdentifier(t.Context(), nil)
			return err
		}, &trustv1.RemoveIdentifierResponse{Identity: identity}},
		"DeleteIdentity": {func(c *TrustClient) error {
			_, err := c.DeleteIdentity(t.Context(), &trustv1.DeleteIdentityRequest{IdentityId: testIdentity})
			return err
		}, &trustv1.DeleteIdentityResponse{}},
		"SetPassword": {func(c *TrustClient) error {
			_, err := c.SetPassword(t.Context(), &trustv1.SetPasswordRequest{IdentityId: testIdentity})
			return err
		}, &trustv1.SetPasswordResponse{Epoch: 2}},
		"UpdateTenant": {func(c *TrustClient) error {
			_, err := c.UpdateTenant(t.Context(), nil)
			return err
		}, &trustv1.UpdateTenantResponse{}},
	}
	for name, c := range cases {
		t.Run("WAT-15 SDK-36 "+name, func(t *testing.T) {
			client, server := watching(t, Config{})
			leased(t, client, server)
			keep(t, client)
			server.set(func(s *trustLayer) {
				s.other = func(fake.Call) (proto.Message, error) { return nil, fake.Fail(codes.Internal, "INTERNAL") }
			})
			if c.call(client) == nil || !isLocal(client) {
				t.Error("a failed call changed something")
			}
			server.set(func(s *trustLayer) {
				s.other = func(fake.Call) (proto.Message, error) { return c.answer, nil }
			})
			if err := c.call(client); err != nil {
				t.Fatal(err)
			}
			if isLocal(client) {
				t.Error("memory still says yes")
			}
		})
	}
	t.Run("WAT-15 of another tenant", func(t *testing.T) {
		client, server := watching(t, Config{})
		leased(t, client, server)
		keep(t, client)
		server.set(func(s *trustLayer) {
			s.other = func(fake.Call) (proto.Message, error) { return &trustv1.UpdateTenantResponse{}, nil }
		})
		_, err := client.UpdateTenant(t.Context(), &trustv1.UpdateTenantRequest{TenantId: "other"})
		if err != nil || !isLocal(client) {
			t.Errorf("memory lost what it knew: %v", err)
		}
	})
}
