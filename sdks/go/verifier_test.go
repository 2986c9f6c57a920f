package trustlayer_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	trustlayer "github.com/trust-layer/trust-layer/sdks/go"
	"github.com/trust-layer/trust-layer/sdks/go/internal/fake"
)

var now = time.Unix(1_900_000_000, 0)

func codeOf(err error) string {
	if err == nil {
		return "ok"
	}
	if failed, ok := errors.AsType[*trustlayer.Error](err); ok {
		return failed.Code
	}
	return "no *Error: " + err.Error()
}

func newVerifier(t *testing.T, source trustlayer.KeySource, options ...trustlayer.VerifierOption) *trustlayer.Verifier {
	t.Helper()
	options = append([]trustlayer.VerifierOption{trustlayer.WithClock(func() time.Time { return now })}, options...)
	verifier, err := trustlayer.NewVerifier(fake.Issuer, fake.Audience, source, options...)
	if err != nil {
		t.Fatal(err)
	}
	return verifier
}

func staticSource(t *testing.T, keys ...fake.Key) *trustlayer.StaticKeySource {
	t.Helper()
	source, err := trustlayer.NewStaticKeySource(fake.JWKS(keys...))
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// TOK-10 to TOK-26: the vectors hold each code, in the order of the checks.
func TestTrustTokenVectors(t *testing.T) {
	type file struct {
		Jwks   json.RawMessage
		Groups []struct {
			Verifier struct {
				Issuer, Audience string
				TenantID         string `json:"tenant_id"`
				LeewaySeconds    int    `json:"leeway_seconds"`
				Now              int64
			}
			Vectors []struct {
				Name, Rule, Class, Token, Expect string
				Claims                           map[string]any
			}
		}
	}
	all := vectors[file](t, "trust_tokens.json")
	source, err := trustlayer.NewStaticKeySource(all.Jwks)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, group := range all.Groups {
		set := group.Verifier
		verifier, err := trustlayer.NewVerifier(set.Issuer, set.Audience, source, trustlayer.WithTenant(set.TenantID),
			trustlayer.WithLeeway(time.Duration(set.LeewaySeconds)*time.Second),
			trustlayer.WithClock(func() time.Time { return time.Unix(set.Now, 0) }))
		if err != nil {
			t.Fatal(err)
		}
		for _, vector := range group.Vectors {
			seen[vector.Expect] = true
			t.Run(vector.Rule+" "+vector.Class+" "+vector.Name, func(t *testing.T) {
				claims, err := verifier.Verify(t.Context(), vector.Token)
				if got := codeOf(err); got != vector.Expect {
					t.Fatalf("got %s, want %s", got, vector.Expect)
				}
				if (claims != nil) != (vector.Expect == "ok") {
					t.Fatal("claims must come with ok, and only with ok")
				}
				if claims != nil && !reflect.DeepEqual(asJSON(t, claims), vector.Claims) {
					t.Errorf("got %v, want %v", asJSON(t, claims), vector.Claims)
				}
			})
		}
	}
	type table struct {
		Codes []string `json:"token_codes"`
	}
	for _, code := range vectors[table](t, "error_table.json").Codes {
		if !seen[code] && code != trustlayer.KeysUnavailable {
			t.Errorf("no vector for %s", code)
		}
	}
}

func asJSON(t *testing.T, value any) map[string]any {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var found map[string]any
	if err := json.Unmarshal(text, &found); err != nil {
		t.Fatal(err)
	}
	return found
}

type sourceFunc func(kid string) (trustlayer.TrustKey, bool, error)

func (f sourceFunc) Key(_ context.Context, kid string) (trustlayer.TrustKey, bool, error) {
	return f(kid)
}

func TestVerifierFailsClosed(t *testing.T) {
	key, other := fake.NewKey("k1"), fake.NewKey("k2")
	token := key.Token(fake.Claims(now))
	real, _, _ := staticSource(t, key).Key(t.Context(), "k1")
	otherKey, _, _ := staticSource(t, other).Key(t.Context(), "k2")
	for _, c := range []struct {
		name   string
		source sourceFunc
		want   string
	}{
		{"the key", func(string) (trustlayer.TrustKey, bool, error) { return real, true, nil }, "ok"},
		{"TOK-15 source cannot be read", func(string) (trustlayer.TrustKey, bool, error) {
			return real, true, errors.New("down")
		}, trustlayer.KeysUnavailable},
		{"TOK-15 no such key", func(string) (trustlayer.TrustKey, bool, error) {
			return real, false, nil
		}, trustlayer.TokenKeyUnknown},
		{"TOK-15 source gives a key of another id", func(string) (trustlayer.TrustKey, bool, error) {
			return otherKey, true, nil
		}, trustlayer.TokenKeyUnknown},
		{"TOK-15 source gives an empty key", func(string) (trustlayer.TrustKey, bool, error) {
			return trustlayer.TrustKey{}, true, nil
		}, trustlayer.TokenKeyUnknown},
		{"TOK-16 key without algorithm", func(kid string) (trustlayer.TrustKey, bool, error) {
			return trustlayer.TrustKey{ID: kid}, true, nil
		}, trustlayer.TokenAlgorithm},
		{"TOK-17 key without public half", func(kid string) (trustlayer.TrustKey, bool, error) {
			return trustlayer.TrustKey{ID: kid, Algorithm: trustlayer.AlgorithmEdDSA}, true, nil
		}, trustlayer.TokenSignature},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := newVerifier(t, c.source).Verify(t.Context(), token); codeOf(err) != c.want {
				t.Errorf("got %s, want %s", codeOf(err), c.want)
			}
		})
	}
	t.Run("zero and nil verifier", func(t *testing.T) {
		var none *trustlayer.Verifier
		for _, verifier := range []*trustlayer.Verifier{none, {}} {
			if claims, err := verifier.Verify(t.Context(), token); claims != nil || codeOf(err) != trustlayer.KeysUnavailable {
				t.Errorf("got %v, %v", claims, err)
			}
		}
	})
	t.Run("nothing is asked of the source before TOK-14", func(t *testing.T) {
		verifier := newVerifier(t, sourceFunc(func(string) (trustlayer.TrustKey, bool, error) {
			t.Error("the source was asked")
			return trustlayer.TrustKey{}, false, nil
		}))
		for _, header := range []string{`{"typ":"trust+jwt","alg":"none","kid":"k1"}`, `{"typ":"JWT","alg":"EdDSA","kid":"k1"}`} {
			_, _ = verifier.Verify(t.Context(), key.Sign([]byte(header), []byte(`{}`)))
		}
	})
}

func TestVerifierReasons(t *testing.T) {
	key := fake.NewKey("k1")
	verifier := newVerifier(t, staticSource(t, key))
	_, err := verifier.Verify(t.Context(), "x")
	if trustlayer.ReasonOf(err) != trustlayer.ReasonTrustTokenRejected {
		t.Errorf("got %v", err)
	}
	down := newVerifier(t, sourceFunc(func(string) (trustlayer.TrustKey, bool, error) {
		return trustlayer.TrustKey{}, false, errors.New("down")
	}))
	_, err = down.Verify(t.Context(), key.Token(fake.Claims(now)))
	if trustlayer.ReasonOf(err) != trustlayer.ReasonKeysUnavailable {
		t.Errorf("got %v", err)
	}
}

// TOK-17: r and s are 32 bytes each, whatever integers other lengths would give.
func TestSignatureLengthOfES256(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := private.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	jwk := map[string]any{"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "e", "x": encode(point[1:33]), "y": encode(point[33:])}
	source, err := trustlayer.NewStaticKeySource(mustJSON(t, map[string]any{"keys": []any{jwk}}))
	if err != nil {
		t.Fatal(err)
	}
	signed := encode([]byte(`{"typ":"trust+jwt","alg":"ES256","kid":"e"}`)) + "." + encode(mustJSON(t, fake.Claims(now)))
	digest := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, private, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	whole := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	longer := slices.Concat(whole[:32], []byte{0}, whole[32:])
	for name, c := range map[string]struct {
		signature []byte
		want      string
	}{
		"64 bytes": {whole, "ok"}, "a zero before s": {longer, trustlayer.TokenSignature},
		"1 byte": {whole[:1], trustlayer.TokenSignature}, "31 bytes": {whole[:31], trustlayer.TokenSignature},
		"63 bytes": {whole[:63], trustlayer.TokenSignature},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newVerifier(t, source).Verify(t.Context(), signed+"."+encode(c.signature))
			if codeOf(err) != c.want {
				t.Errorf("got %s, want %s", codeOf(err), c.want)
			}
		})
	}
}

func TestNewVerifierRefuses(t *testing.T) {
	source := staticSource(t)
	for name, make := range map[string]func() (*trustlayer.Verifier, error){
		"no issuer":   func() (*trustlayer.Verifier, error) { return trustlayer.NewVerifier("", "a", source) },
		"no audience": func() (*trustlayer.Verifier, error) { return trustlayer.NewVerifier("i", "", source) },
		"no source":   func() (*trustlayer.Verifier, error) { return trustlayer.NewVerifier("i", "a", nil) },
		"no tenant": func() (*trustlayer.Verifier, error) {
			return trustlayer.NewVerifier("i", "a", source, trustlayer.WithTenant(""))
		},
		"no clock": func() (*trustlayer.Verifier, error) {
			return trustlayer.NewVerifier("i", "a", source, trustlayer.WithClock(nil))
		},
		"leeway over 5 s": func() (*trustlayer.Verifier, error) {
			return trustlayer.NewVerifier("i", "a", source, trustlayer.WithLeeway(5*time.Second+1))
		},
		"negative leeway": func() (*trustlayer.Verifier, error) {
			return trustlayer.NewVerifier("i", "a", source, trustlayer.WithLeeway(-1))
		},
	} {
		if verifier, err := make(); err == nil || verifier != nil {
			t.Errorf("SDK-10 %s: accepted", name)
		}
	}
}

// SDK-10: tenant `default` and a leeway of 5 s are the defaults.
func TestVerifierDefaults(t *testing.T) {
	key := fake.NewKey("k1")
	verifier := newVerifier(t, staticSource(t, key))
	for name, c := range map[string]struct {
		claim string
		value any
		want  string
	}{
		"valid":                 {"jti", "j2", "ok"},
		"TOK-22 other tenant":   {"tid", "acme", trustlayer.TokenTenant},
		"TOK-24 inside leeway":  {"iat", now.Unix() + 5, "ok"},
		"TOK-24 outside leeway": {"iat", now.Unix() + 6, trustlayer.TokenNotYetValid},
	} {
		t.Run(name, func(t *testing.T) {
			claims := fake.Claims(now)
			claims[c.claim] = c.value
			if _, err := verifier.Verify(t.Context(), key.Token(claims)); codeOf(err) != c.want {
				t.Errorf("got %s, want %s", codeOf(err), c.want)
			}
		})
	}
}

func TestClaimsHelpers(t *testing.T) {
	claims := &trustlayer.Claims{Scope: "orders:read orders:write", Roles: []string{"admin"}}
	var none *trustlayer.Claims
	if !claims.HasScope("orders:read") || claims.HasScope("orders") || claims.HasScope("") || none.HasScope("orders") {
		t.Error("HasScope")
	}
	if !claims.HasRole("admin") || claims.HasRole("") || none.HasRole("admin") || (&trustlayer.Claims{}).HasScope("") {
		t.Error("HasRole")
	}
}
