package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"log"
	"net/http"

	trustlayer "github.com/trust-layer/trust-layer/sdks/go"
	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
	"github.com/trust-layer/trust-layer/sdks/go/middleware/nethttp"
)

const maxFormBytes = 1024

// site is the app that people see.
type site struct {
	settings settings
	client   *trustlayer.TrustClient
}

func web(s settings) http.Handler {
	client := connect(s.trustAddress, s.serviceKey())
	app := must(nethttp.New(nethttp.Options{Client: client, PublicURL: s.publicURL, SignInURL: s.pages}))
	public := must(fs.Sub(publicFiles, "public"))
	site := site{settings: s, client: client}
	signedIn := func(page func(http.ResponseWriter, *http.Request) error) http.Handler {
		return nethttp.RequireSession(app, orUnavailable(page))
	}

	mux := http.NewServeMux()
	// Three lines: the routes of sign-in, the session of a request, and in `signedIn` what needs one.
	mux.Handle("/auth/", nethttp.SignInRoutes(app))
	mux.Handle("GET /{$}", nethttp.Session(app, http.HandlerFunc(site.home)))
	mux.Handle("GET /dashboard", signedIn(site.dashboard))
	mux.Handle("GET /account", signedIn(site.account))
	mux.Handle("POST /account/end", site.sameOrigin(signedIn(site.end)))
	mux.Handle("POST /account/sign-out-everywhere", site.sameOrigin(signedIn(site.signOutEverywhere)))
	mux.Handle("GET /orders", signedIn(site.orders))
	mux.Handle("GET /app.css", http.FileServerFS(public))
	return mux
}

func (s site) home(w http.ResponseWriter, r *http.Request) {
	sendPage(w, http.StatusOK, "home", map[string]any{"Identity": nethttp.TrustOf(r.Context()).Identity})
}

func (s site) dashboard(w http.ResponseWriter, r *http.Request) error {
	trust := nethttp.TrustOf(r.Context())
	sendPage(w, http.StatusOK, "dashboard", map[string]any{"Identity": trust.Identity, "Session": trust.Session})
	return nil
}

func (s site) account(w http.ResponseWriter, r *http.Request) error {
	trust := nethttp.TrustOf(r.Context())
	listed, err := s.client.ListSessions(r.Context(), &trustv1.ListSessionsRequest{IdentityId: trust.Identity.GetId()})
	if err != nil {
		return err
	}
	sendPage(w, http.StatusOK, "account", map[string]any{
		"Identity": trust.Identity, "Current": trust.Session.GetHandle(), "Sessions": listed.GetSessions(),
	})
	return nil
}

func (s site) end(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxFormBytes)
	// The identity goes along, so that nobody ends the session of somebody else.
	_, err := s.client.RevokeSession(r.Context(), &trustv1.RevokeSessionRequest{
		Target:     &trustv1.RevokeSessionRequest_Handle{Handle: r.PostFormValue("handle")},
		IdentityId: nethttp.TrustOf(r.Context()).Identity.GetId(),
	})
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/account", http.StatusSeeOther)
	return nil
}

func (s site) signOutEverywhere(w http.ResponseWriter, r *http.Request) error {
	_, err := s.client.RevokeIdentitySessions(r.Context(), &trustv1.RevokeIdentitySessionsRequest{
		IdentityId: nethttp.TrustOf(r.Context()).Identity.GetId(),
	})
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

func (s site) orders(w http.ResponseWriter, r *http.Request) error {
	trust := nethttp.TrustOf(r.Context())
	// The browser's session_id stays here. What travels on is a token for `orders` alone, and for a minute.
	issued, err := s.client.IssueTrustToken(r.Context(), &trustv1.IssueTrustTokenRequest{
		SessionId: trust.SessionID(), Audience: "orders", Scope: []string{"orders:read"},
	})
	if err != nil {
		return err
	}
	answer, err := call(r.Context(), fmt.Sprintf("http://127.0.0.1:%d/orders", s.settings.ordersPort()), issued.GetTrustToken())
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	var found chain
	if err := json.NewDecoder(answer.Body).Decode(&found); err != nil {
		return err
	}
	sendPage(w, http.StatusOK, "orders", map[string]any{"Identity": trust.Identity, "Chain": found})
	return nil
}

// sameOrigin refuses forms that another site sent (the cookie is SameSite=Lax already; this is the second lock).
func (s site) sameOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from, origin := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Origin")
		if (from != "" && from != "same-origin") || (origin != "" && origin != s.settings.publicURL) {
			http.Error(w, "Forbidden", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// orUnavailable answers 503 where a page cannot be made.
func orUnavailable(page func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := page(w, r); err != nil {
			log.Printf("web: %s", describe(err))
			sendPage(w, http.StatusServiceUnavailable, "error", nil)
		}
	})
}
