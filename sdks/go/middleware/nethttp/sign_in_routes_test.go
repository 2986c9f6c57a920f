package nethttp_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	trustlayer "github.com/trust-layer/trust-layer/sdks/go"
	"github.com/trust-layer/trust-layer/sdks/go/internal/fake"
	"github.com/trust-layer/trust-layer/sdks/go/middleware/nethttp"
)

// routes makes the routes of an app.
func routes(t *testing.T, client *trust) http.Handler {
	t.Helper()
	return nethttp.SignInRoutes(newApp(t, nethttp.Options{Client: client, SignInURL: signInURL}))
}

func cookieNamed(t *testing.T, response *http.Response, name string) *http.Cookie {
	t.Helper()
	for _, cookie := range response.Cookies() {
		if cookie.Name == name {
			return cookie
		}
	}
	return nil
}

// begin starts a flow and gives its cookie and state.
func begin(t *testing.T, handler http.Handler, page string) (cookie, state string) {
	t.Helper()
	response := get(handler, "GET", "/auth/sign-in?return_to="+url.QueryEscape(page))
	location, err := url.Parse(response.Header.Get("Location"))
	if err != nil || response.StatusCode != http.StatusSeeOther {
		t.Fatalf("got %d, %v", response.StatusCode, err)
	}
	kept := cookieNamed(t, response, flowName)
	return flowName + "=" + kept.Value, location.Query().Get("state")
}

func TestBegin(t *testing.T) {
	handler := routes(t, &trust{})
	for _, page := range []string{"sign-in", "sign-up"} {
		t.Run("RED-4 "+page, func(t *testing.T) {
			response := get(handler, "GET", "http://evil.example/auth/"+page+"?return_to=/x", "X-Forwarded-Host", "evil.example")
			location, _ := url.Parse(response.Header.Get("Location"))
			query := location.Query()
			if location.Host != "trust.example" || location.Path != "/pages/"+page || query.Get("return_to") != publicURL+"/auth/callback" {
				t.Errorf("sent to %s", location)
			}
			cookie := cookieNamed(t, response, flowName)
			if cookie.MaxAge != 600 || !cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.Domain != "" {
				t.Errorf("cookie %v", cookie)
			}
			flow, _ := trustlayer.ParseSignInFlow(cookie.Value)
			if !flow.Accepts(query.Get("state")) || flow.ReturnPath() != "/x" {
				t.Error("cookie and page do not fit")
			}
			if response.Header.Get("Cache-Control") != "no-store" {
				t.Error("a cache may keep it")
			}
		})
	}
	t.Run("RED-6 two pages to return to", func(t *testing.T) {
		response := get(handler, "GET", "/auth/sign-in?return_to=/a&return_to=/b")
		flow, _ := trustlayer.ParseSignInFlow(cookieNamed(t, response, flowName).Value)
		if flow.ReturnPath() != "/" {
			t.Errorf("got %s", flow.ReturnPath())
		}
	})
}

func TestCallback(t *testing.T) {
	client := &trust{sessionID: fake.SessionID}
	handler := routes(t, client)
	cookie, state := begin(t, handler, "/page?x=1&y=ü")
	response := get(handler, "GET", "/auth/callback?code="+fake.Code+"&state="+state, "Cookie", cookie, "User-Agent", "Agent\xff\x01 1")
	if response.StatusCode != http.StatusSeeOther || response.Header.Get("Location") != "/page?x=1&y=%C3%BC" {
		t.Fatalf("got %d to %s", response.StatusCode, response.Header.Get("Location"))
	}
	session, flow := cookieNamed(t, response, sessionName), cookieNamed(t, response, flowName)
	if session == nil || session.Value != fake.SessionID || !session.Secure || !session.HttpOnly || session.MaxAge != 0 {
		t.Errorf("RED-5: cookie %v", session)
	}
	if flow == nil || flow.MaxAge >= 0 {
		t.Error("the flow's cookie was left")
	}
	request := client.exchanged[0]
	if request.GetCode() != fake.Code || request.GetReturnTo() != publicURL+"/auth/callback" {
		t.Errorf("exchanged %v", request)
	}
	kept, _ := trustlayer.ParseSignInFlow(strings.TrimPrefix(cookie, flowName+"="))
	if request.GetCodeVerifier() != kept.Verifier() {
		t.Error("another verifier than the challenge was made of")
	}
	if request.GetDevice().GetUserAgent() != "Agent 1" || request.GetDevice().GetIpAddress() != "192.0.2.1" {
		t.Errorf("device %v", request.GetDevice())
	}
}

// RED-11: what the browser held before ends with the exchange.
func TestCallbackEndsThePreviousSession(t *testing.T) {
	held := sessionName + "=" + fake.SessionID
	for cookies, want := range map[string]string{
		held: fake.SessionID, held + "; " + held: "", sessionName + "=x": "", "a=b": "",
	} {
		client := &trust{sessionID: fake.SessionID}
		handler := routes(t, client)
		cookie, state := begin(t, handler, "/")
		get(handler, "GET", "/auth/callback?code="+fake.Code+"&state="+state, "Cookie", cookie+"; "+cookies)
		if got := client.exchanged[0].GetPreviousSessionId(); got != want {
			t.Errorf("%q: gave %q", cookies, got)
		}
	}
}

func TestCallbackRefuses(t *testing.T) {
	client := &trust{sessionID: fake.SessionID}
	handler := routes(t, client)
	cookie, state := begin(t, handler, "/")
	otherCookie, otherState := begin(t, handler, "/")
	code := "&code=" + fake.Code
	for _, c := range []struct{ name, query, cookie string }{
		{"RED-4 state of another browser", "state=" + otherState + code, cookie},
		{"RED-4 cookie of another flow", "state=" + state + code, otherCookie},
		{"RED-4 no cookie", "state=" + state + code, ""},
		{"RED-4 two cookies", "state=" + state + code, cookie + "; " + otherCookie},
		{"RED-4 no state", code, cookie},
		{"RED-4 empty state", "state=" + code, cookie},
		{"RED-4 two states", "state=" + state + "&state=" + state + code, cookie},
		{"no code", "state=" + state, cookie},
		{"two codes", "state=" + state + code + code, cookie},
		{"no sign-in code", "state=" + state + "&code=x", cookie},
		{"session_id as code", "state=" + state + "&code=" + fake.SessionID, cookie},
	} {
		t.Run(c.name, func(t *testing.T) {
			response := get(handler, "GET", "/auth/callback?"+c.query, "Cookie", c.cookie)
			if response.StatusCode != http.StatusBadRequest || cookieNamed(t, response, sessionName) != nil {
				t.Errorf("got %d", response.StatusCode)
			}
			if flow := cookieNamed(t, response, flowName); flow == nil || flow.MaxAge >= 0 {
				t.Error("the flow may be tried again")
			}
		})
	}
	if len(client.exchanged) != 0 {
		t.Error("a code was spent")
	}
	for _, c := range []struct {
		name   string
		client trust
		status int
	}{
		{"RED-3 code rejected", trust{sessionID: fake.SessionID, err: &trustlayer.Error{Reason: "SIGN_IN_CODE_REJECTED"}}, 400},
		{"SDK-20 no decision", trust{sessionID: fake.SessionID, err: errors.New("down")}, 503},
		{"an answer without session_id", trust{}, 503},
		{"an answer with something else", trust{sessionID: "x; Domain=evil.example"}, 503},
	} {
		t.Run(c.name, func(t *testing.T) {
			handler := routes(t, &c.client)
			cookie, state := begin(t, handler, "/")
			response := get(handler, "GET", "/auth/callback?state="+state+code, "Cookie", cookie)
			if response.StatusCode != c.status || cookieNamed(t, response, sessionName) != nil {
				t.Errorf("got %d", response.StatusCode)
			}
		})
	}
}

// RED-6: a path that http.Redirect would tidy into one of another origin is sent as it is.
func TestCallbackDoesNotTidyPaths(t *testing.T) {
	for _, path := range []string{`/.//\evil.example`, `/a/..//evil.example`, `/./\evil.example`} {
		handler := routes(t, &trust{sessionID: fake.SessionID})
		cookie, state := begin(t, handler, path)
		response := get(handler, "GET", "/auth/callback?state="+state+"&code="+fake.Code, "Cookie", cookie)
		if got := response.Header.Get("Location"); got != path {
			t.Errorf("%q became %q", path, got)
		}
	}
}

func TestSignOut(t *testing.T) {
	cookie := sessionName + "=" + fake.SessionID
	same := []string{"Cookie", cookie, "Sec-Fetch-Site", "same-origin", "Origin", publicURL}
	for _, c := range []struct {
		name    string
		client  trust
		method  string
		headers []string
		status  int
		revokes int
		clears  bool
	}{
		{"RED-7 revokes, then clears", trust{}, "POST", same, 303, 1, true},
		{"SDK-23 neither header", trust{}, "POST", []string{"Cookie", cookie}, 303, 1, true},
		{"RED-7 revoking fails", trust{err: errors.New("down")}, "POST", same, 503, 1, true},
		{"RED-7 GET", trust{}, "GET", same, 405, 0, false},
		{"SDK-23 HEAD", trust{}, "HEAD", same, 405, 0, false},
		{"SDK-23 cross-site", trust{}, "POST", []string{"Cookie", cookie, "Sec-Fetch-Site", "cross-site"}, 403, 0, false},
		{"SDK-23 same-site", trust{}, "POST", []string{"Cookie", cookie, "Sec-Fetch-Site", "same-site"}, 403, 0, false},
		{"SDK-23 none", trust{}, "POST", []string{"Cookie", cookie, "Sec-Fetch-Site", "none"}, 403, 0, false},
		{"SDK-23 both", trust{}, "POST", append(same, "Sec-Fetch-Site", "cross-site"), 403, 0, false},
		{"SDK-23 other origin", trust{}, "POST", []string{"Cookie", cookie, "Origin", "https://evil.example"}, 403, 0, false},
		{"SDK-23 null origin", trust{}, "POST", []string{"Cookie", cookie, "Origin", "null"}, 403, 0, false},
		{"SDK-23 origin of another port", trust{}, "POST", []string{"Cookie", cookie, "Origin", publicURL + ":8443"}, 403, 0, false},
		{"SDK-21 two cookies", trust{}, "POST", []string{"Cookie", cookie + "; " + cookie}, 400, 0, true},
		{"no cookie", trust{}, "POST", nil, 303, 0, true},
		{"malformed cookie", trust{err: errors.New("down")}, "POST", []string{"Cookie", sessionName + "=x"}, 303, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			response := get(routes(t, &c.client), c.method, "/auth/sign-out", c.headers...)
			cleared := cookieNamed(t, response, sessionName)
			if response.StatusCode != c.status || len(c.client.revoked) != c.revokes || (cleared != nil && cleared.MaxAge < 0) != c.clears {
				t.Errorf("got %d, %d revoked, cookie %v", response.StatusCode, len(c.client.revoked), cleared)
			}
			if c.revokes == 1 && c.client.revoked[0] != fake.SessionID {
				t.Error("revoked another session")
			}
			if c.status == 405 && response.Header.Get("Allow") != "POST" {
				t.Error("no Allow")
			}
		})
	}
	t.Run("RED-7 a browser that goes on is signed out all the same", func(t *testing.T) {
		client := &trust{}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		request := httptest.NewRequestWithContext(ctx, "POST", "/auth/sign-out", nil)
		request.Header.Set("Cookie", cookie)
		routes(t, client).ServeHTTP(httptest.NewRecorder(), request)
		if len(client.revoked) != 1 {
			t.Error("the session lives on")
		}
	})
}

func TestOtherRoutes(t *testing.T) {
	client := &trust{sessionID: fake.SessionID}
	handler := routes(t, client)
	for target, want := range map[string]int{
		"/auth": 404, "/auth/": 404, "/sign-in": 404, "/auth/sign-in/": 404, "/auth/Sign-In": 404, "/authsign-in": 404,
		"/auth/x/../sign-in": 404,
	} {
		if got := get(handler, "GET", target).StatusCode; got != want {
			t.Errorf("%s: got %d", target, got)
		}
	}
	for _, target := range []string{"/auth/sign-in", "/auth/sign-up", "/auth/callback"} {
		if got := get(handler, "POST", target).StatusCode; got != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: got %d", target, got)
		}
	}
	own := nethttp.SignInRoutes(newApp(t, nethttp.Options{Client: client, BasePath: "/me/trust"}))
	if get(own, "GET", "/me/trust/sign-in").StatusCode != 404 || get(own, "POST", "/me/trust/sign-out").StatusCode != 303 {
		t.Error("without hosted pages there is sign-out only")
	}
}
