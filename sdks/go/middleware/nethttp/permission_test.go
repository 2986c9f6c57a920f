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
)

type claimsOf struct{ claims *trustlayer.Claims }

func (c claimsOf) Verify(context.Context, string) (*trustlayer.Claims, error) { return c.claims, nil }

func TestRequirePermission(t *testing.T) {
	next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	ask := func(handler http.Handler, header, value string) int {
		request := httptest.NewRequest(http.MethodGet, "/pay", nil)
		request.Header.Set("Sec-Fetch-Mode", "cors")
		if header != "" {
			request.Header.Set(header, value)
		}
		response := httptest.NewRecorder()
		handler.ServeHTTP(response, request)
		return response.Code
	}
	for name, c := range map[string]struct {
		permissions []string
		status      int
	}{
		"permitted":     {[]string{"orders:read", "orders:write"}, 200},
		"another":       {[]string{"orders:read"}, 403},
		"a longer name": {[]string{"orders:writer"}, 403},
		"none":          {nil, 403},
	} {
		t.Run("SDK-26 "+name, func(t *testing.T) {
			session := &trustv1.Session{Handle: "ses_1", IdentityId: "idn_1"}
			organisation := &trustv1.OrganisationFacts{Id: "org_1", Roles: []string{"orders:write"}, Permissions: c.permissions}
			verdict := trustlayer.ActiveVerdict(session, &trustv1.IdentityFacts{Id: "idn_1"}).WithOrganisation(organisation)
			app := newApp(t, nethttp.Options{Client: &trust{verdict: verdict}, SignInURL: signInURL})
			handler := nethttp.RequirePermission(app, "orders:write", next)
			if status := ask(handler, "Cookie", sessionName+"="+fake.SessionID); status != c.status {
				t.Errorf("a session is answered %d, want %d", status, c.status)
			}
			if status := ask(handler, "", ""); status != 401 {
				t.Errorf("no session is answered %d, want 401", status)
			}
			claims := &trustlayer.Claims{Permissions: c.permissions, Roles: []string{"orders:write"}}
			byToken := nethttp.RequireTrustToken(claimsOf{claims}, nethttp.RequirePermission(nil, "orders:write", next))
			if status := ask(byToken, "Trust-Token", "a.b.c"); status != c.status {
				t.Errorf("a Trust Token is answered %d, want %d", status, c.status)
			}
		})
	}
	if status := ask(nethttp.RequirePermission(nil, "a", next), "", ""); status != 403 {
		t.Errorf("nothing at all is answered %d, want 403", status)
	}
}
