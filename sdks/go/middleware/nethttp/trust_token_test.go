package nethttp_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	trustlayer "github.com/trust-layer/trust-layer/sdks/go"
	"github.com/trust-layer/trust-layer/sdks/go/internal/fake"
	"github.com/trust-layer/trust-layer/sdks/go/middleware/nethttp"
)

type verifierFunc func() (*trustlayer.Claims, error)

func (f verifierFunc) Verify(context.Context, string) (*trustlayer.Claims, error) { return f() }

func TestRequireTrustToken(t *testing.T) {
	key := fake.NewKey("k1")
	source, err := trustlayer.NewStaticKeySource(fake.JWKS(key))
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := trustlayer.NewVerifier(fake.Issuer, fake.Audience, source)
	if err != nil {
		t.Fatal(err)
	}
	token, expired := key.Token(fake.Claims(time.Now())), key.Token(fake.Claims(time.Now().Add(-time.Hour)))
	fails := func(err error) verifierFunc { return func() (*trustlayer.Claims, error) { return nil, err } }
	for _, c := range []struct {
		name     string
		verifier trustlayer.TokenVerifier
		tokens   []string
		status   int
		code     string
	}{
		{"valid", verifier, []string{token}, 200, ""},
		{"SDK-22 none", verifier, nil, 401, "TOKEN_SIZE"},
		{"SDK-22 empty", verifier, []string{""}, 401, "TOKEN_SIZE"},
		{"SDK-22 twice", verifier, []string{token, token}, 401, "TOKEN_MALFORMED"},
		{"SDK-22 twice in one", verifier, []string{token + ", " + token}, 401, "TOKEN_MALFORMED"},
		{"SDK-22 twice, the second empty", verifier, []string{token, ""}, 401, "TOKEN_MALFORMED"},
		{"SDK-22 expired", verifier, []string{expired}, 401, "TOKEN_EXPIRED"},
		{"SDK-22 as bearer", verifier, []string{"Bearer " + token}, 401, "TOKEN_MALFORMED"},
		{"SDK-22 keys unavailable", fails(&trustlayer.Error{Reason: "KEYS_UNAVAILABLE", Code: "KEYS_UNAVAILABLE"}), []string{token}, 503, ""},
		{"another error", fails(errors.New("down")), []string{token}, 503, ""},
		{"no claims and no error", fails(nil), []string{token}, 503, ""},
		{"no verifier", nil, []string{token}, 503, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got *trustlayer.VerifiedTrustToken
			handler := nethttp.RequireTrustToken(c.verifier, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				got = nethttp.TrustTokenOf(r.Context())
			}))
			headers := []string{}
			for _, value := range c.tokens {
				headers = append(headers, "Trust-Token", value)
			}
			response := get(handler, "GET", "/", headers...)
			want := ""
			if c.code != "" {
				want = `Trust-Token error="` + c.code + `"`
			}
			if response.StatusCode != c.status || response.Header.Get("WWW-Authenticate") != want {
				t.Errorf("got %d, %s", response.StatusCode, response.Header.Get("WWW-Authenticate"))
			}
			if (got != nil) != (c.status == 200) {
				t.Fatal("the handler ran, or did not")
			}
			if got != nil && (got.Claims().Audience != fake.Audience || got.Token() != token) {
				t.Errorf("got %v", got)
			}
		})
	}
	t.Run("TOK-4 not from a cookie or the URL", func(t *testing.T) {
		handler := nethttp.RequireTrustToken(verifier, http.NotFoundHandler())
		if got := get(handler, "GET", "/?trust-token="+token, "Cookie", "trust-token="+token).StatusCode; got != 401 {
			t.Errorf("got %d", got)
		}
	})
	if token := nethttp.TrustTokenOf(t.Context()); token != nil || token.Claims() != nil || token.Token() != "" {
		t.Error("without the middleware there is a token")
	}
}
