package nethttp_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	trustlayer "github.com/trust-layer/trust-layer/sdks/go"
	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
	"github.com/trust-layer/trust-layer/sdks/go/internal/fake"
	"github.com/trust-layer/trust-layer/sdks/go/middleware/nethttp"
	"google.golang.org/protobuf/types/known/timestamppb"
)

func TestRequireLevel(t *testing.T) {
	for name, c := range map[string]struct {
		acr    string
		age    time.Duration
		level  nethttp.Level
		mode   string
		status int
	}{
		"strong enough":     {"aal2", time.Hour, nethttp.Level{ACR: "aal2"}, "cors", 200},
		"stronger":          {"aal2", time.Hour, nethttp.Level{ACR: "aal1"}, "cors", 200},
		"fresh":             {"aal2", time.Second, nethttp.Level{ACR: "aal2", MaxAge: time.Minute}, "cors", 200},
		"weaker":            {"aal1", 0, nethttp.Level{ACR: "aal2"}, "cors", 401},
		"weaker, a browser": {"aal1", 0, nethttp.Level{ACR: "aal2"}, "navigate", 303},
		"older":             {"aal2", time.Hour, nethttp.Level{ACR: "aal2", MaxAge: time.Minute}, "cors", 401},
		"unknown":           {"other", 0, nethttp.Level{ACR: "aal1"}, "cors", 401},
		"unknown asked":     {"aal2", 0, nethttp.Level{ACR: "aal3"}, "cors", 401},
	} {
		t.Run("SDK-25 "+name, func(t *testing.T) {
			at := timestamppb.New(time.Now().Add(-c.age))
			session := &trustv1.Session{Handle: "ses_1", IdentityId: "idn_1", Acr: c.acr, AuthenticatedAt: at}
			layer := &trust{verdict: trustlayer.ActiveVerdict(session, &trustv1.IdentityFacts{Id: "idn_1"})}
			app := newApp(t, nethttp.Options{Client: layer, SignInURL: signInURL})
			next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
			request := httptest.NewRequest(http.MethodGet, "/pay", nil)
			request.Header.Set("Sec-Fetch-Mode", c.mode)
			request.Header.Set("Cookie", sessionName+"="+fake.SessionID)
			response := httptest.NewRecorder()
			nethttp.RequireLevel(app, c.level, next).ServeHTTP(response, request)
			if response.Code != c.status {
				t.Errorf("answered %d, want %d", response.Code, c.status)
			}
			if c.status == 303 && response.Header().Get("Location") != "/auth/sign-in?level=aal2&return_to=%2Fpay" {
				t.Errorf("sent to %s", response.Header().Get("Location"))
			}
			if c.status == 401 && response.Header().Get("WWW-Authenticate") == "" {
				t.Error("no challenge")
			}
		})
	}
}
