package nethttp

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	trustlayer "github.com/trust-layer/trust-layer/sdks/go"
	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
)

const maxUserAgentBytes = 512

// SignInRoutes serves the redirect flow (chapter 4 of the standard): `GET {base}/sign-in`, `GET {base}/sign-up` and
// `GET {base}/security` (where people look after their second factors), with the page to return to in the query
// `return_to` and `level=aal2` to ask for a second factor; `GET {base}/callback`; `POST {base}/sign-out`. Everything else is 404.
func SignInRoutes(app *App) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		route, under := strings.CutPrefix(r.URL.Path, app.basePath)
		hosted := app.signInURL != ""
		switch {
		case under && hosted && (route == "/sign-in" || route == "/sign-up" || route == "/security"):
			only(http.MethodGet, w, r, func() { app.begin(w, r, route[1:]) })
		case under && hosted && route == "/callback":
			only(http.MethodGet, w, r, func() { app.end(w, r) })
		case under && route == "/sign-out":
			only(http.MethodPost, w, r, func() { app.signOut(w, r) })
		default:
			answer(w, http.StatusNotFound, "Not found")
		}
	})
}

func only(method string, w http.ResponseWriter, r *http.Request, serve func()) {
	if r.Method != method {
		w.Header().Set("Allow", method)
		answer(w, http.StatusMethodNotAllowed, "Method not allowed")
		return
	}
	serve()
}

func (a *App) begin(w http.ResponseWriter, r *http.Request, page string) {
	back, _ := one(r.URL.Query(), "return_to")
	flow := trustlayer.NewSignInFlow(back)
	a.cookies.SetFlow(w.Header(), flow)
	target := flow.PageURL(a.signInURL, page, a.ReturnTo())
	if level, _ := one(r.URL.Query(), "level"); level == "aal2" {
		target += "&acr_values=aal2"
	}
	redirect(w, target)
}

func (a *App) end(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	code, hasCode := one(query, "code")
	state, hasState := one(query, "state")
	kept, _ := a.cookies.Flow(r.Header)
	flow, begun := trustlayer.ParseSignInFlow(kept)
	a.cookies.ClearFlow(w.Header())
	// RED-4: a callback that this browser did not begin would sign it in as somebody else.
	if !begun || !hasState || !flow.Accepts(state) || !hasCode || !trustlayer.IsSignInCode(code) {
		answer(w, http.StatusBadRequest, "This sign-in was not begun here, or took too long. Please start again.")
		return
	}
	// RED-11: what this browser held so far ends with it.
	previous, _ := a.cookies.Session(r.Header)
	if !trustlayer.IsSessionID(previous) {
		previous = ""
	}
	made, err := a.client.ExchangeSignInCode(r.Context(), &trustv1.ExchangeSignInCodeRequest{
		Code: code, CodeVerifier: flow.Verifier(), ReturnTo: a.ReturnTo(), Device: a.deviceOf(r), PreviousSessionId: previous,
	})
	switch {
	case trustlayer.ReasonOf(err) == trustlayer.ReasonSignInCodeRejected:
		answer(w, http.StatusBadRequest, "This sign-in is no longer valid. Please start again.")
	case err != nil || !trustlayer.IsSessionID(made.GetSessionId()):
		answer(w, http.StatusServiceUnavailable, "Sign-in is not available at the moment.")
	default:
		a.cookies.SetSession(w.Header(), made.GetSessionId())
		redirect(w, trustlayer.EscapeLocation(flow.ReturnPath()))
	}
}

func (a *App) signOut(w http.ResponseWriter, r *http.Request) {
	if !all(r.Header.Values("Sec-Fetch-Site"), "same-origin") || !all(r.Header.Values("Origin"), a.cookies.Origin()) {
		answer(w, http.StatusForbidden, "Sign-out must come from this site.")
		return
	}
	a.cookies.ClearSession(w.Header())
	values := trustlayer.CookieValues(r.Header, a.cookies.SessionName())
	if len(values) > 1 {
		// None of them is taken for the session (SDK-21), so none was ended, and that must not look like success.
		answer(w, http.StatusBadRequest, "There was more than one session cookie, so no session was ended.")
		return
	}
	if len(values) == 1 && trustlayer.IsSessionID(values[0]) {
		target := &trustv1.RevokeSessionRequest_SessionId{SessionId: values[0]}
		// A browser that goes on before the answer still meant to sign out.
		ctx := context.WithoutCancel(r.Context())
		if _, err := a.client.RevokeSession(ctx, &trustv1.RevokeSessionRequest{Target: target}); err != nil {
			// RED-7: this browser forgets the session, but the session lives on.
			answer(w, http.StatusServiceUnavailable, "The session could not be ended. Please try again.")
			return
		}
	}
	redirect(w, "/")
}

func one(query url.Values, name string) (string, bool) {
	if values := query[name]; len(values) == 1 {
		return values[0], true
	}
	return "", false
}

func all(values []string, wanted string) bool {
	for _, value := range values {
		if value != wanted {
			return false
		}
	}
	return true
}

func (a *App) deviceOf(r *http.Request) *trustv1.Device {
	client := a.clientOf(r)
	return &trustv1.Device{UserAgent: client.UserAgent, IpAddress: client.IPAddress}
}

// clientOf says what is known of the client, within the bounds of the contract.
func (a *App) clientOf(r *http.Request) trustlayer.ClientFacts {
	ascii := func(char rune) rune {
		if char < ' ' || char > '~' {
			return -1
		}
		return char
	}
	agent := strings.Map(ascii, r.UserAgent())
	client := trustlayer.ClientFacts{UserAgent: agent[:min(len(agent), maxUserAgentBytes)]}
	if address, err := netip.ParseAddr(a.clientIP(r)); err == nil {
		client.IPAddress = address.Unmap().WithZone("").String()
	}
	return client
}

// socketIP is the address of the socket.
func socketIP(r *http.Request) string {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	return host
}
