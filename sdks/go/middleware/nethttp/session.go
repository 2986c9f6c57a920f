package nethttp

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	trustlayer "github.com/trust-layer/trust-layer/sdks/go"
	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
)

// Outcome says what is known of the session of a request. Only [OutcomeActive] allows anything.
type Outcome string

const (
	// OutcomeNone: no cookie, more than one of its name (SDK-21), or no session_id in it.
	OutcomeNone Outcome = "none"
	// OutcomeActive: there is a session.
	OutcomeActive Outcome = "active"
	// OutcomeRejected: the Trust Layer said no.
	OutcomeRejected Outcome = "rejected"
	// OutcomeError: no decision was made.
	OutcomeError Outcome = "error"
)

// RequestTrust is the session of a request, or why there is none. The zero value is a no. Its text forms do not show the
// session_id.
type RequestTrust struct {
	// Outcome says which of the other fields are set.
	Outcome Outcome
	// Session holds the public facts of an active session; else nil.
	Session *trustv1.Session
	// Identity holds the facts of the identity behind an active session; else nil.
	Identity *trustv1.IdentityFacts
	// Organisation is the active one and what the person may do in it; nil where none is active.
	Organisation *trustv1.OrganisationFacts
	// Reason says why a session was rejected.
	Reason trustlayer.RejectionReason
	// Err says why no decision was made.
	Err error
	// Client is who sent the request, for Trust Tokens of sessions that are bound.
	Client trustlayer.ClientFacts

	sessionID func() string
	app       *App
}

// Active says whether the request has a session.
func (t RequestTrust) Active() bool {
	return t.Outcome == OutcomeActive && t.Session != nil && t.Identity != nil
}

// SessionID is the secret of an active session, for [trustlayer.TrustClient.IssueTrustToken]; else empty.
func (t RequestTrust) SessionID() string {
	if !t.Active() || t.sessionID == nil {
		return ""
	}
	return t.sessionID()
}

// Format shows outcome, reason and the public handle only, for every verb (SDK-7).
func (t RequestTrust) Format(state fmt.State, _ rune) {
	_, _ = fmt.Fprintf(state, "nethttp.RequestTrust{Outcome:%q Reason:%q Session:%q}",
		t.Outcome, t.Reason, t.Session.GetHandle())
}

// LogValue keeps the session_id out of logs.
func (t RequestTrust) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprint(t))
}

type trustKey struct{}

// TrustOf gives what [Session] or [RequireSession] found; the zero value, a no, where neither ran.
func TrustOf(ctx context.Context) RequestTrust {
	trust, _ := ctx.Value(trustKey{}).(RequestTrust)
	return trust
}

// Session finds the session of each request, for [TrustOf], and lets every request pass. The cookie counts only after the
// Trust Layer said active; any error leaves the request without a session (SDK-20).
func Session(app *App, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, app.withTrust(r))
	})
}

// RequireSession lets only requests with an active session pass; [Session] need not have run. It answers 503 where no
// decision was made; else it sends a browser that navigates to sign-in, and answers 401 to everything else (SDK-20).
func RequireSession(app *App, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = app.withTrust(r)
		trust := TrustOf(r.Context())
		switch {
		case trust.Active():
			next.ServeHTTP(w, r)
		case trust.Outcome != OutcomeNone && trust.Outcome != OutcomeRejected:
			answer(w, http.StatusServiceUnavailable, "The session could not be checked. Please try again.")
		case app.redirects && navigates(r):
			back := url.Values{"return_to": {trustlayer.SafeReturnPath(r.RequestURI)}}
			redirect(w, app.basePath+"/sign-in?"+back.Encode())
		default:
			answer(w, http.StatusUnauthorized, "Sign-in required")
		}
	})
}

// Level is what [RequireLevel] asks of a session.
type Level struct {
	// ACR is the lowest assurance: "aal1" or "aal2".
	ACR string
	// MaxAge is how long ago the person may have proved who they are; 0 means any time.
	MaxAge time.Duration
}

var ranks = map[string]int{"aal1": 1, "aal2": 2}

// met says whether a session is strong and fresh enough.
func (l Level) met(session *trustv1.Session) bool {
	asked, known := ranks[l.ACR]
	fresh := l.MaxAge == 0 ||
		session.GetAuthenticatedAt() != nil && time.Since(session.GetAuthenticatedAt().AsTime()) <= l.MaxAge
	return known && ranks[session.GetAcr()] >= asked && fresh
}

// RequireLevel lets only sessions pass that meet the level (SDK-25). Without a session it answers as [RequireSession]; else
// it sends a browser that navigates through sign-in again, and answers 401 with `insufficient_user_authentication`
// (RFC 9470) to everything else.
func RequireLevel(app *App, level Level, next http.Handler) http.Handler {
	return RequireSession(app, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case level.met(TrustOf(r.Context()).Session):
			next.ServeHTTP(w, r)
		case app.redirects && navigates(r):
			query := url.Values{"return_to": {trustlayer.SafeReturnPath(r.RequestURI)}, "level": {level.ACR}}
			redirect(w, app.basePath+"/sign-in?"+query.Encode())
		default:
			challenge := fmt.Sprintf("Session error=%q, acr_values=%q", "insufficient_user_authentication", level.ACR)
			if level.MaxAge > 0 {
				challenge += fmt.Sprintf(", max_age=\"%d\"", int64(level.MaxAge.Seconds()))
			}
			w.Header().Set("WWW-Authenticate", challenge)
			answer(w, http.StatusUnauthorized, "A stronger or fresher sign-in is required")
		}
	}))
}

// navigates says whether a person will see the next page. A script or another backend needs the 401.
func navigates(r *http.Request) bool {
	if r.Method != http.MethodGet {
		return false
	}
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" {
		return mode == "navigate"
	}
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}

// withTrust puts the session into the request's context, once.
func (a *App) withTrust(r *http.Request) *http.Request {
	if TrustOf(r.Context()).app == a {
		return r
	}
	trust := a.read(r)
	trust.app = a
	return r.WithContext(context.WithValue(r.Context(), trustKey{}, trust))
}

func (a *App) read(r *http.Request) RequestTrust {
	sessionID, single := a.cookies.Session(r.Header)
	if !single || !trustlayer.IsSessionID(sessionID) {
		return RequestTrust{Outcome: OutcomeNone}
	}
	client := a.clientOf(r)
	verdict, err := a.client.Verify(r.Context(), sessionID, append(slices.Clip(a.verify), trustlayer.From(client))...)
	switch {
	case err != nil:
		return RequestTrust{Outcome: OutcomeError, Err: err}
	case verdict.Active && verdict.IdentityID() != "":
		return RequestTrust{
			Outcome: OutcomeActive, Session: verdict.Session(), Identity: verdict.Identity(), Organisation: verdict.Organisation(),
			Client: client, sessionID: func() string { return sessionID },
		}
	default:
		return RequestTrust{Outcome: OutcomeRejected, Reason: verdict.Reason}
	}
}
