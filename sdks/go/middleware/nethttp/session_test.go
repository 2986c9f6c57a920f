package nethttp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	trustlayer "github.com/trust-layer/trust-layer/sdks/go"
	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
	"github.com/trust-layer/trust-layer/sdks/go/internal/fake"
	"github.com/trust-layer/trust-layer/sdks/go/middleware/nethttp"
)

const (
	publicURL   = "https://app.example"
	signInURL   = "https://trust.example/pages/"
	sessionName = "__Host-session_id"
	flowName    = "__Host-trust_flow"
)

// trust is a Trust Layer as the middleware sees it.
type trust struct {
	verdict   trustlayer.Verdict
	err       error
	sessionID string
	asked     []string
	revoked   []string
	exchanged []*trustv1.ExchangeSignInCodeRequest
}

func (f *trust) Verify(_ context.Context, id string, _ ...trustlayer.VerifyOption) (trustlayer.Verdict, error) {
	f.asked = append(f.asked, id)
	return f.verdict, f.err
}

func (f *trust) RevokeSession(ctx context.Context, r *trustv1.RevokeSessionRequest) (*trustv1.RevokeSessionResponse, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	f.revoked = append(f.revoked, r.GetSessionId())
	return &trustv1.RevokeSessionResponse{}, f.err
}

func (f *trust) ExchangeSignInCode(
	_ context.Context, r *trustv1.ExchangeSignInCodeRequest,
) (*trustv1.ExchangeSignInCodeResponse, error) {
	f.exchanged = append(f.exchanged, r)
	return &trustv1.ExchangeSignInCodeResponse{SessionId: f.sessionID}, f.err
}

var active = trustlayer.ActiveVerdict(
	&trustv1.Session{Handle: "ses_1", IdentityId: "idn_1"}, &trustv1.IdentityFacts{Id: "idn_1"})

func denied(verdict trustlayer.Verdict) trustlayer.Verdict {
	verdict.Active = false
	return verdict
}

func newApp(t *testing.T, options nethttp.Options) *nethttp.App {
	t.Helper()
	if options.PublicURL == "" {
		options.PublicURL = publicURL
	}
	app, err := nethttp.New(options)
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// get asks a handler; headers come in pairs.
func get(handler http.Handler, method, target string, headers ...string) *http.Response {
	request := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Add(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder.Result()
}

func TestSession(t *testing.T) {
	cookie := sessionName + "=" + fake.SessionID
	for _, c := range []struct {
		name    string
		cookie  string
		client  trust
		outcome nethttp.Outcome
		asks    int
	}{
		{"active", cookie, trust{verdict: active}, nethttp.OutcomeActive, 1},
		{"no cookie", "", trust{verdict: active}, nethttp.OutcomeNone, 0},
		{"SDK-20 rejected", cookie, trust{verdict: trustlayer.Verdict{Reason: "REVOKED"}}, nethttp.OutcomeRejected, 1},
		{"SDK-20 zero verdict", cookie, trust{}, nethttp.OutcomeRejected, 1},
		{"SDK-20 active without facts", cookie, trust{verdict: trustlayer.Verdict{Active: true}}, nethttp.OutcomeRejected, 1},
		{"SDK-20 facts without active", cookie, trust{verdict: denied(active)}, nethttp.OutcomeRejected, 1},
		{"SDK-20 error", cookie, trust{err: errors.New("down")}, nethttp.OutcomeError, 1},
		{"SDK-20 error beside a yes", cookie, trust{verdict: active, err: errors.New("down")}, nethttp.OutcomeError, 1},
		{"SDK-21 twice", cookie + "; " + cookie, trust{verdict: active}, nethttp.OutcomeNone, 0},
		{"malformed", sessionName + "=x", trust{verdict: active}, nethttp.OutcomeNone, 0},
		{"RED-5 name without prefix", "session_id=" + fake.SessionID, trust{verdict: active}, nethttp.OutcomeNone, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			app := newApp(t, nethttp.Options{Client: &c.client})
			var got nethttp.RequestTrust
			inner := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = nethttp.TrustOf(r.Context()) })
			// Twice, to see that it is asked once.
			get(nethttp.Session(app, nethttp.Session(app, inner)), "GET", "/", "Cookie", c.cookie)
			yes := c.outcome == nethttp.OutcomeActive
			if got.Outcome != c.outcome || got.Active() != yes || (got.Session != nil) != yes || (got.Err != nil) != (c.client.err != nil) {
				t.Errorf("got %+v", got)
			}
			if (got.SessionID() == fake.SessionID) != yes || len(c.client.asked) != c.asks {
				t.Errorf("session_id %t, asked %d times", got.SessionID() != "", len(c.client.asked))
			}
			for _, form := range []string{"%v", "%+v", "%#v", "%s"} {
				if text := fmt.Sprintf(form, got) + fmt.Sprintf(form, struct{ t nethttp.RequestTrust }{got}); strings.Contains(text, fake.SessionID) {
					t.Errorf("SDK-7: %s shows the session_id", form)
				}
			}
		})
	}
	if none := nethttp.TrustOf(t.Context()); none.Active() || none.SessionID() != "" {
		t.Error("without the middleware there is a session")
	}
}

func TestRequireSession(t *testing.T) {
	cookie := sessionName + "=" + fake.SessionID
	html := []string{"Accept", "text/html,*/*;q=0.8"}
	for _, c := range []struct {
		name    string
		client  trust
		options nethttp.Options
		method  string
		headers []string
		status  int
	}{
		{"active", trust{verdict: active}, nethttp.Options{}, "GET", []string{"Cookie", cookie}, 200},
		{"active, any method", trust{verdict: active}, nethttp.Options{}, "POST", []string{"Cookie", cookie}, 200},
		{"SDK-20 error", trust{err: errors.New("down")}, nethttp.Options{}, "GET", append(html, "Cookie", cookie), 503},
		{"SDK-24 rejected browser", trust{}, nethttp.Options{}, "GET", append(html, "Cookie", cookie), 303},
		{"SDK-24 browser without cookie", trust{}, nethttp.Options{}, "GET", html, 303},
		{"SDK-24 navigation", trust{}, nethttp.Options{}, "GET", []string{"Sec-Fetch-Mode", "navigate"}, 303},
		{"SDK-24 script", trust{}, nethttp.Options{}, "GET", append(html, "Sec-Fetch-Mode", "cors"), 401},
		{"SDK-24 other client", trust{}, nethttp.Options{}, "GET", nil, 401},
		{"SDK-24 a client that fetches and asks for a page", trust{}, nethttp.Options{}, "GET", append(html, "Sec-Fetch-Mode", "no-cors"), 401},
		{"SDK-24 HEAD", trust{}, nethttp.Options{}, "HEAD", html, 401},
		{"SDK-24 form", trust{}, nethttp.Options{}, "POST", html, 401},
		{"SDK-21 two cookies", trust{verdict: active}, nethttp.Options{}, "GET", []string{"Cookie", cookie + ";" + cookie}, 401},
		{"no redirect asked for", trust{}, nethttp.Options{NoRedirect: true}, "GET", html, 401},
		{"no hosted pages", trust{}, nethttp.Options{SignInURL: "none"}, "GET", html, 401},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.options.Client = &c.client
			c.options.SignInURL = map[string]string{"": signInURL, "none": ""}[c.options.SignInURL]
			app := newApp(t, c.options)
			served := false
			handler := nethttp.RequireSession(app, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				served = nethttp.TrustOf(r.Context()).Session.GetHandle() == "ses_1"
			}))
			response := get(handler, c.method, "/page?x=1&y=ü", c.headers...)
			if response.StatusCode != c.status || served != (c.status == 200) {
				t.Fatalf("got %d, served %t", response.StatusCode, served)
			}
			if c.status == 303 && response.Header.Get("Location") != "/auth/sign-in?return_to=%2Fpage%3Fx%3D1%26y%3D%C3%BC" {
				t.Errorf("sent to %s", response.Header.Get("Location"))
			}
			if c.status != 200 && response.Header.Get("Cache-Control") != "no-store" {
				t.Error("a cache may keep it")
			}
		})
	}
}

// The session of one app does not count in another: its cookies may have other rules.
func TestSessionOfAnotherApp(t *testing.T) {
	yes, no := newApp(t, nethttp.Options{Client: &trust{verdict: active}}), newApp(t, nethttp.Options{Client: &trust{}})
	inner := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	response := get(nethttp.Session(yes, nethttp.RequireSession(no, inner)), "GET", "/", "Cookie", sessionName+"="+fake.SessionID)
	if response.StatusCode != http.StatusUnauthorized {
		t.Errorf("got %d", response.StatusCode)
	}
}

func TestNew(t *testing.T) {
	client := &trust{}
	for name, options := range map[string]nethttp.Options{
		"no client":                {PublicURL: publicURL},
		"no public URL":            {Client: client},
		"RED-5 http beyond":        {Client: client, PublicURL: "http://app.example"},
		"base path without slash":  {Client: client, PublicURL: publicURL, BasePath: "auth"},
		"base path that ends in /": {Client: client, PublicURL: publicURL, BasePath: "/auth/"},
		"base path with dots":      {Client: client, PublicURL: publicURL, BasePath: "/.."},
		"base path with //":        {Client: client, PublicURL: publicURL, BasePath: "//auth"},
		"pages with a query":       {Client: client, PublicURL: publicURL, SignInURL: "https://trust.example?x"},
		"pages without host":       {Client: client, PublicURL: publicURL, SignInURL: "/pages"},
		"pages of a script":        {Client: client, PublicURL: publicURL, SignInURL: "javascript:alert(1)"},
	} {
		if app, err := nethttp.New(options); err == nil || app != nil {
			t.Errorf("%s: accepted", name)
		}
	}
	t.Run("RED-5 says once that cookies are plain", func(t *testing.T) {
		for address, want := range map[string]int{"http://localhost:3000": 1, "https://localhost:3000": 0} {
			var logged bytes.Buffer
			app := newApp(t, nethttp.Options{
				Client: client, SignInURL: signInURL, PublicURL: address, Logger: slog.New(slog.NewTextHandler(&logged, nil)),
			})
			for range 3 {
				get(nethttp.SignInRoutes(app), "GET", "/auth/sign-in")
			}
			if got := strings.Count(logged.String(), "\n"); got != want {
				t.Errorf("%s: %d lines", address, got)
			}
		}
	})
}

func TestSetSessionCookie(t *testing.T) {
	app, recorder := newApp(t, nethttp.Options{Client: &trust{}}), httptest.NewRecorder()
	if err := app.SetSessionCookie(recorder, "x; Domain=evil.example"); err == nil || len(recorder.Header()) != 0 {
		t.Error("took a text that is no session_id")
	}
	if err := app.SetSessionCookie(recorder, fake.SessionID); err != nil {
		t.Error(err)
	}
	app.ClearSessionCookie(recorder)
	if got := recorder.Header()["Set-Cookie"]; len(got) != 2 || !strings.Contains(got[0], fake.SessionID) || !strings.Contains(got[1], "Max-Age=0") {
		t.Errorf("got %q", got)
	}
}
