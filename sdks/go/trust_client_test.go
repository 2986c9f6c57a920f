package trustlayer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	trustlayer "github.com/trust-layer/trust-layer/sdks/go"
	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
	"github.com/trust-layer/trust-layer/sdks/go/internal/fake"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

const serviceKey = "tlk_0123456789abcdef_secretpartofakey"

func newClient(t *testing.T, config trustlayer.Config) *trustlayer.TrustClient {
	t.Helper()
	client, err := trustlayer.NewTrustClient(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// unaryMethods lists those of the contract.
func unaryMethods() []protoreflect.MethodDescriptor {
	var found []protoreflect.MethodDescriptor
	protoregistry.GlobalFiles.RangeFilesByPackage("trust.v1", func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				if method := methods.Get(j); !method.IsStreamingClient() && !method.IsStreamingServer() {
					found = append(found, method)
				}
			}
		}
		return true
	})
	return found
}

// invoke calls the method of this name with a request.
func invoke(ctx context.Context, client *trustlayer.TrustClient, name string, request any) (any, error) {
	results := reflect.ValueOf(client).MethodByName(name).Call([]reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(request)})
	err, _ := results[1].Interface().(error)
	return results[0].Interface(), err
}

// forAnother is a context with metadata for the call of another server, as a handler that forwards it has one.
func forAnother(t *testing.T) context.Context {
	t.Helper()
	return metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer of another", "other", "stays here")
}

func TestEveryUnaryRPC(t *testing.T) {
	server := fake.Start(t, nil)
	client := newClient(t, trustlayer.Config{Address: server.Address, ServiceKey: serviceKey, TenantID: "acme"})
	methods := unaryMethods()
	if len(methods) < 35 {
		t.Fatalf("only %d methods", len(methods))
	}
	for _, descriptor := range methods {
		name := string(descriptor.Name())
		t.Run("SDK-1 "+name, func(t *testing.T) {
			method := reflect.ValueOf(client).MethodByName(name)
			if !method.IsValid() {
				t.Fatal("the client has no such method")
			}
			before := len(server.Calls())
			if name == "Verify" || name == "BatchVerify" {
				_, _ = client.Verify(forAnother(t), fake.SessionID)
				_, _ = client.BatchVerify(forAnother(t), []string{})
			} else {
				checkCall(t, client, method, descriptor)
			}
			call := server.Calls()[before]
			if name == "BatchVerify" {
				call = server.Calls()[before+1]
			}
			if want := "/" + string(descriptor.Parent().FullName()) + "/" + name; call.Method != want {
				t.Errorf("called %s, want %s", call.Method, want)
			}
			if got := call.Request.ProtoReflect(); got.Get(got.Descriptor().Fields().ByName("tenant_id")).String() != "acme" {
				t.Error("the tenant was not filled in")
			}
			if call.Remaining <= 0 || call.Remaining > 3*time.Second {
				t.Errorf("SDK-3: deadline in %s", call.Remaining)
			}
			if got := call.Metadata.Get("authorization"); len(got) != 1 || got[0] != "Bearer "+serviceKey {
				t.Error("the service key was not sent, or not alone")
			}
			if len(call.Metadata.Get("other")) != 0 {
				t.Error("SDK-1: metadata for another server was sent")
			}
		})
	}
}

// checkCall holds a method to the messages of its RPC: an empty request, nil, and one that names a tenant.
func checkCall(t *testing.T, client *trustlayer.TrustClient, method reflect.Value, descriptor protoreflect.MethodDescriptor) {
	t.Helper()
	request := reflect.New(method.Type().In(1).Elem()).Interface().(proto.Message)
	answer, err := invoke(forAnother(t), client, string(descriptor.Name()), request)
	if err != nil {
		t.Fatal(err)
	}
	if got := answer.(proto.Message).ProtoReflect().Descriptor().FullName(); got != descriptor.Output().FullName() {
		t.Errorf("gives %s", got)
	}
	if request.ProtoReflect().Descriptor().FullName() != descriptor.Input().FullName() {
		t.Error("takes another message")
	}
	if proto.Size(request) != 0 {
		t.Error("the caller's request was changed")
	}
	if _, err := invoke(t.Context(), client, string(descriptor.Name()), reflect.Zero(method.Type().In(1)).Interface()); err != nil {
		t.Errorf("nil request: %v", err)
	}
}

func TestTenantOfARequestStays(t *testing.T) {
	server := fake.Start(t, nil)
	client := newClient(t, trustlayer.Config{Address: server.Address})
	_, _ = client.GetTenant(t.Context(), &trustv1.GetTenantRequest{TenantId: "other"})
	_, _ = client.GetTenant(t.Context(), nil)
	for i, want := range []string{"other", "default"} {
		if got := server.Calls()[i].Request.(*trustv1.GetTenantRequest).GetTenantId(); got != want {
			t.Errorf("sent %q, want %q", got, want)
		}
	}
	if len(server.Calls()[0].Metadata.Get("authorization")) != 0 {
		t.Error("sent an authorization without a service key")
	}
}

func TestVerify(t *testing.T) {
	rejected := func(number int32) *trustv1.Verdict { return fake.Rejected(trustv1.RejectionReason(number)) }
	without := func(change func(*trustv1.ActiveVerdict)) *trustv1.Verdict {
		verdict := fake.Active()
		change(verdict.GetActive())
		return verdict
	}
	for _, c := range []struct {
		name   string
		wire   *trustv1.Verdict
		active bool
		reason trustlayer.RejectionReason
	}{
		{"active", fake.Active(), true, ""},
		{"SDK-2 nothing", nil, false, "UNSPECIFIED"},
		{"SDK-2 an empty verdict", &trustv1.Verdict{}, false, "UNSPECIFIED"},
		{"SDK-2 active without anything", &trustv1.Verdict{Answer: &trustv1.Verdict_Active{}}, false, "UNSPECIFIED"},
		{"SDK-2 active without session", without(func(a *trustv1.ActiveVerdict) { a.Session = nil }), false, "UNSPECIFIED"},
		{"SDK-2 active with an empty session", without(func(a *trustv1.ActiveVerdict) { a.Session = &trustv1.Session{} }), false, "UNSPECIFIED"},
		{"SDK-2 session without handle", without(func(a *trustv1.ActiveVerdict) { a.Session.Handle = "" }), false, "UNSPECIFIED"},
		{"SDK-2 active without identity", without(func(a *trustv1.ActiveVerdict) { a.Identity = nil }), false, "UNSPECIFIED"},
		{"SDK-2 session of another identity", without(func(a *trustv1.ActiveVerdict) { a.Identity.Id = "idn_x" }), false, "UNSPECIFIED"},
		{"TERM-4 rejected, value 0", rejected(0), false, "UNSPECIFIED"},
		{"MALFORMED", rejected(1), false, "MALFORMED"},
		{"UNKNOWN", rejected(2), false, "UNKNOWN"},
		{"EXPIRED", rejected(3), false, "EXPIRED"},
		{"REVOKED", rejected(4), false, "REVOKED"},
		{"TERM-4 rejected, unknown value", rejected(99), false, "UNSPECIFIED"},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := fake.Start(t, func(_ context.Context, call fake.Call) (proto.Message, error) {
				if call.Method == trustv1.SessionService_BatchVerify_FullMethodName {
					return &trustv1.BatchVerifyResponse{Verdicts: []*trustv1.Verdict{c.wire, fake.Active()}}, nil
				}
				return &trustv1.VerifyResponse{Verdict: c.wire}, nil
			})
			client := newClient(t, trustlayer.Config{Address: server.Address})
			verdict, err := client.Verify(t.Context(), fake.SessionID)
			if err != nil || verdict.Active != c.active || verdict.Reason != c.reason || (verdict.Session() != nil) != c.active || (verdict.Identity() != nil) != c.active {
				t.Errorf("got %+v, %v", verdict, err)
			}
			if c.active && (verdict.CacheFor != 250*time.Millisecond || verdict.Identity().GetDisplayName() != "Ada") {
				t.Errorf("got %+v", verdict)
			}
			both, err := client.BatchVerify(t.Context(), []string{fake.SessionID, fake.SessionID}, trustlayer.Strong())
			if err != nil || len(both) != 2 || both[0].Active != c.active || !both[1].Active {
				t.Errorf("batch: got %v, %v", both, err)
			}
			request := server.Calls()[1].Request.(*trustv1.BatchVerifyRequest)
			if request.GetConsistency() != trustv1.Consistency_CONSISTENCY_STRONG || request.GetSessionIds()[1] != fake.SessionID {
				t.Errorf("asked %v", request)
			}
		})
	}
	if (trustlayer.Verdict{}).Active {
		t.Error("the zero verdict is active")
	}
}

func TestVerifyFailsClosed(t *testing.T) {
	server := fake.Start(t, func(_ context.Context, call fake.Call) (proto.Message, error) {
		if call.Method == trustv1.SessionService_BatchVerify_FullMethodName {
			return &trustv1.BatchVerifyResponse{Verdicts: []*trustv1.Verdict{fake.Active()}}, nil
		}
		return nil, status.Error(codes.Internal, "")
	})
	client := newClient(t, trustlayer.Config{Address: server.Address})
	if verdict, err := client.Verify(t.Context(), fake.SessionID); err == nil || verdict.Active {
		t.Error("TERM-1: an error came with a yes")
	}
	for _, ids := range [][]string{{}, {fake.SessionID, fake.SessionID}} {
		if verdicts, err := client.BatchVerify(t.Context(), ids); err == nil || verdicts != nil {
			t.Error("SDK-2: verdicts that fit no question")
		}
	}
	t.Run("SDK-31 what is malformed is not asked about, unless it is too long", func(t *testing.T) {
		before := len(server.Calls())
		for _, id := range []string{"", "x", "ts_\xff", fake.SessionID[:52] + "0", strings.Repeat("x", 256)} {
			if verdict, err := client.Verify(t.Context(), id, trustlayer.Strong()); err != nil || verdict.Reason != "MALFORMED" {
				t.Errorf("%q: got %v, %v", id, verdict, err)
			}
		}
		if len(server.Calls()) != before {
			t.Error("asked")
		}
		_, _ = client.Verify(t.Context(), strings.Repeat("\xff", 257))
		calls := server.Calls()
		if got := calls[len(calls)-1].Request.(*trustv1.VerifyRequest).GetSessionId(); got != "\uFFFD" {
			t.Errorf("asked about %q", got)
		}
	})
}

func TestNoSecretInTextForms(t *testing.T) {
	config := trustlayer.Config{Address: "127.0.0.1:1", ServiceKey: serviceKey}
	secure := trustlayer.Config{Address: "trust.example:443", ServiceKey: serviceKey, TLS: &trustlayer.TLSConfig{
		Cert: []byte("certificate"), Key: []byte("private-half"), ServerName: "name",
	}}
	client := newClient(t, config)
	flow := trustlayer.NewSignInFlow("/x")
	token, err := trustlayer.VerifyTokenOf(t.Context(), newVerifier(t, staticSource(t, fake.NewKey("k"))),
		[]string{fake.NewKey("k").Token(fake.Claims(now))})
	if err != nil {
		t.Fatal(err)
	}
	// What a caller may wrap them in, unexported fields included, which fmt prints without their methods.
	subjects := []any{config, &config, secure, &secure, *secure.TLS, secure.TLS, client, *client, flow, &flow, token, *token,
		struct{ client *trustlayer.TrustClient }{client}, struct {
			token *trustlayer.VerifiedTrustToken
		}{token}}
	secrets := []string{serviceKey, "private-half", flow.Verifier(), strings.Split(flow.CookieValue(), ".")[0], token.Token()}
	for _, subject := range subjects {
		var logged bytes.Buffer
		slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "subject", subject)
		slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "subject", subject)
		encoded, _ := json.Marshal(subject)
		text := logged.String() + string(encoded)
		for _, form := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			text += fmt.Sprintf(form, subject)
		}
		for _, secret := range secrets {
			if strings.Contains(text, secret) || strings.Contains(text, fmt.Sprintf("%x", secret)) {
				t.Errorf("SDK-7: %T shows %q", subject, secret)
			}
		}
	}
}
