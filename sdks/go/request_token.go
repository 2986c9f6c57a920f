package trustlayer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
)

// TrustTokenHeader is the name of the HTTP header and gRPC metadata that carries a Trust Token (TOK-4).
const TrustTokenHeader = "trust-token"

// TokenVerifier is what the middleware needs of a [Verifier].
type TokenVerifier interface {
	// Verify is as [Verifier.Verify].
	Verify(ctx context.Context, token string) (*Claims, error)
}

// VerifiedTrustToken is a Trust Token that was verified. Its text forms do not show the token. The zero value and nil
// hold no claims.
type VerifiedTrustToken struct {
	claims *Claims
	token  func() string
}

// Claims is what the token says; nil if there is none.
func (t *VerifiedTrustToken) Claims() *Claims {
	if t == nil {
		return nil
	}
	return t.claims
}

// Token is the token itself, for [TrustClient.ExchangeTrustToken]. A secret.
func (t *VerifiedTrustToken) Token() string {
	if t == nil || t.token == nil {
		return ""
	}
	return t.token()
}

// Format shows the subject only, for every verb (SDK-7).
func (t *VerifiedTrustToken) Format(state fmt.State, _ rune) {
	subject := ""
	if claims := t.Claims(); claims != nil {
		subject = claims.Subject
	}
	_, _ = fmt.Fprintf(state, "trustlayer.VerifiedTrustToken{Subject:%q}", subject)
}

// LogValue keeps the token out of logs.
func (t *VerifiedTrustToken) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprint(t))
}

// VerifyTokenOf verifies the Trust Token of a request, given all values of its header: exactly one must be there
// (SDK-22). The error is always an [*Error]; whatever is not a refusal is KEYS_UNAVAILABLE, for nothing was decided.
func VerifyTokenOf(ctx context.Context, verifier TokenVerifier, values []string) (*VerifiedTrustToken, error) {
	token := ""
	switch len(values) {
	case 0:
	case 1:
		token = values[0]
	default:
		return nil, tokenError(TokenMalformed)
	}
	if verifier == nil {
		return nil, tokenError(KeysUnavailable)
	}
	claims, err := verifier.Verify(ctx, token)
	if refused, ok := errors.AsType[*Error](err); ok && refused != nil && refused.Reason == ReasonTrustTokenRejected {
		return nil, refused
	}
	if err != nil || claims == nil {
		return nil, tokenError(KeysUnavailable)
	}
	return &VerifiedTrustToken{claims: claims, token: func() string { return token }}, nil
}
