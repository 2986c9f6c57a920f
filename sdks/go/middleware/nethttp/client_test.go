package nethttp_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	trustlayer "github.com/trust-layer/trust-layer/sdks/go"
	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
	"github.com/trust-layer/trust-layer/sdks/go/internal/fake"
	"github.com/trust-layer/trust-layer/sdks/go/middleware/nethttp"
	"google.golang.org/protobuf/proto"
)

func TestTheClientOfARequestIsPassedOn(t *testing.T) {
	var asked *trustv1.ClientFacts
	server := fake.Start(t, func(_ context.Context, call fake.Call) (proto.Message, error) {
		if request, ok := call.Request.(*trustv1.VerifyRequest); ok {
			asked = request.GetClient()
		}
		return &trustv1.VerifyResponse{Verdict: fake.Active()}, nil
	})
	client, err := trustlayer.NewTrustClient(trustlayer.Config{Address: server.Address, DisableWatch: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	for name, c := range map[string]struct {
		clientIP func(*http.Request) string
		want     string
	}{
		"socket": {nil, "192.0.2.1"},
		"proxy":  {func(r *http.Request) string { return r.Header.Get("X-Real-Ip") }, "203.0.113.9"},
		"none":   {func(*http.Request) string { return "unknown" }, ""},
	} {
		t.Run("SDK-45 "+name, func(t *testing.T) {
			app := newApp(t, nethttp.Options{Client: client, ClientIP: c.clientIP})
			request := httptest.NewRequest(http.MethodGet, "/", nil)
			request.Header.Set("Cookie", sessionName+"="+fake.SessionID)
			request.Header.Set("User-Agent", "Firefox é")
			request.Header.Set("X-Real-Ip", "203.0.113.9")
			var trust nethttp.RequestTrust
			nethttp.Session(app, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				trust = nethttp.TrustOf(r.Context())
			})).ServeHTTP(httptest.NewRecorder(), request)
			if asked.GetIpAddress() != c.want || asked.GetUserAgent() != "Firefox " || trust.Client.IPAddress != c.want {
				t.Errorf("asked for %v, kept %v", asked, trust.Client)
			}
		})
	}
}
