package nethttp

import (
	"net/http"
	"slices"
)

// RequirePermission lets only those pass who may do something in the active organisation (SDK-26): by the Trust Token where
// [RequireTrustToken] stands before, else by the session. Others get 403; without a session it answers as
// [RequireSession]. app may be nil where only Trust Tokens count: then a request without one gets 403.
func RequirePermission(app *App, permission string, next http.Handler) http.Handler {
	permitted := func(w http.ResponseWriter, r *http.Request, held bool) {
		if held {
			next.ServeHTTP(w, r)
			return
		}
		answer(w, http.StatusForbidden, "Not permitted")
	}
	bySession := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		permitted(w, r, false)
	}))
	if app != nil {
		bySession = RequireSession(app, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			permitted(w, r, slices.Contains(TrustOf(r.Context()).Organisation.GetPermissions(), permission))
		}))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if token := TrustTokenOf(r.Context()); token != nil {
			permitted(w, r, token.Claims().HasPermission(permission))
			return
		}
		bySession.ServeHTTP(w, r)
	})
}
