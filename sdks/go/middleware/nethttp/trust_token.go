package nethttp

import (
	"context"
	"errors"
	"net/http"

	trustlayer "github.com/trust-layer/trust-layer/sdks/go"
)

type tokenKey struct{}

// TrustTokenOf gives the Trust Token that [RequireTrustToken] verified; nil where it did not run.
func TrustTokenOf(ctx context.Context) *trustlayer.VerifiedTrustToken {
	token, _ := ctx.Value(tokenKey{}).(*trustlayer.VerifiedTrustToken)
	return token
}

// RequireTrustToken lets only requests with exactly one valid `Trust-Token` header pass, for [TrustTokenOf]. Others get
// 401 with `WWW-Authenticate: Trust-Token error="TOKEN_…"`, or 503 while the keys cannot be read (SDK-22).
func RequireTrustToken(verifier trustlayer.TokenVerifier, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, err := trustlayer.VerifyTokenOf(r.Context(), verifier, r.Header.Values(trustlayer.TrustTokenHeader))
		if err == nil {
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), tokenKey{}, token)))
			return
		}
		refused, ok := errors.AsType[*trustlayer.Error](err)
		if !ok || refused.Reason != trustlayer.ReasonTrustTokenRejected {
			answer(w, http.StatusServiceUnavailable, "The Trust Token could not be checked")
			return
		}
		w.Header().Set("WWW-Authenticate", `Trust-Token error="`+refused.Code+`"`)
		answer(w, http.StatusUnauthorized, "Trust Token refused")
	})
}
