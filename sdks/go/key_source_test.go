package trustlayer_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	trustlayer "github.com/trust-layer/trust-layer/sdks/go"
	"github.com/trust-layer/trust-layer/sdks/go/internal/fake"
)

// issuer is a JWKS endpoint and the clock of the key source that reads it.
type issuer struct {
	mu     sync.Mutex
	status int
	body   []byte
	now    time.Time
	reads  atomic.Int32
	block  chan struct{}
	last   *http.Request
}

func (i *issuer) set(status int, body []byte) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.status, i.body = status, body
}

func (i *issuer) clock() time.Time {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.now
}

func (i *issuer) after(span time.Duration) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.now = i.now.Add(span)
}

// RoundTrip answers without a network. Status 0 is a network error.
func (i *issuer) RoundTrip(request *http.Request) (*http.Response, error) {
	i.reads.Add(1)
	if i.block != nil {
		<-i.block
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.last = request
	if i.status == 0 {
		return nil, errors.New("no route")
	}
	recorder := httptest.NewRecorder()
	if i.status >= 300 && i.status < 400 {
		recorder.Header().Set("Location", "https://other.example/jwks.json")
	}
	recorder.WriteHeader(i.status)
	_, _ = recorder.Write(i.body)
	return recorder.Result(), nil
}

func newIssuer(t *testing.T, keys ...fake.Key) (*issuer, *trustlayer.JwksKeySource) {
	t.Helper()
	i := &issuer{status: http.StatusOK, body: fake.JWKS(keys...), now: now}
	source, err := trustlayer.NewJwksKeySource(fake.Issuer+"/.well-known/jwks.json",
		trustlayer.WithHTTPClient(&http.Client{Transport: i}), trustlayer.WithJwksClock(i.clock))
	if err != nil {
		t.Fatal(err)
	}
	return i, source
}

// expect asks for a key; want is `found`, `unknown` or `unavailable`.
func expect(t *testing.T, source trustlayer.KeySource, kid, want string) {
	t.Helper()
	key, found, err := source.Key(t.Context(), kid)
	got := "unknown"
	switch {
	case err != nil:
		got = "unavailable"
	case found && key.ID == kid:
		got = "found"
	}
	if got != want {
		t.Errorf("key %s: got %s, want %s", kid, got, want)
	}
}

func (i *issuer) expectReads(t *testing.T, want int32) {
	t.Helper()
	if got := i.reads.Load(); got != want {
		t.Errorf("%d readings, want %d", got, want)
	}
}

func TestJwksKeySource(t *testing.T) {
	a, b := fake.NewKey("a"), fake.NewKey("b")
	t.Run("SDK-10 no I/O before the first question, nor while the key is known and fresh", func(t *testing.T) {
		i, source := newIssuer(t, a)
		i.expectReads(t, 0)
		expect(t, source, "a", "found")
		i.after(59 * time.Second)
		i.set(0, nil)
		expect(t, source, "a", "found")
		i.expectReads(t, 1)
	})
	t.Run("TOK-27 reads again after 60 s", func(t *testing.T) {
		i, source := newIssuer(t, a)
		expect(t, source, "a", "found")
		i.set(http.StatusOK, fake.JWKS(b))
		i.after(60 * time.Second)
		expect(t, source, "a", "unknown")
		expect(t, source, "b", "found")
		i.expectReads(t, 2)
	})
	t.Run("TOK-27 at an unknown kid at once, but not twice in 10 s", func(t *testing.T) {
		i, source := newIssuer(t, a)
		expect(t, source, "a", "found")
		i.set(http.StatusOK, fake.JWKS(a, b))
		i.after(time.Second)
		expect(t, source, "b", "found")
		i.expectReads(t, 2)
		for range 50 {
			expect(t, source, "nobody", "unknown")
			i.after(100 * time.Millisecond)
		}
		i.expectReads(t, 2)
		i.after(5 * time.Second)
		expect(t, source, "nobody", "unknown")
		i.expectReads(t, 3)
	})
	t.Run("TOK-27 a first reading for an unknown kid counts as a search", func(t *testing.T) {
		i, source := newIssuer(t, a)
		expect(t, source, "nobody", "unknown")
		expect(t, source, "nobody2", "unknown")
		i.expectReads(t, 1)
	})
	t.Run("TOK-27 known keys serve until 300 s after the last success", func(t *testing.T) {
		i, source := newIssuer(t, a)
		expect(t, source, "a", "found")
		i.set(http.StatusInternalServerError, nil)
		i.after(100 * time.Second)
		expect(t, source, "a", "found")
		expect(t, source, "b", "unavailable")
		i.after(199 * time.Second)
		expect(t, source, "a", "found")
		i.after(time.Second)
		expect(t, source, "a", "unavailable")
		i.set(http.StatusOK, fake.JWKS(a))
		i.after(10 * time.Second)
		expect(t, source, "a", "found")
	})
	t.Run("TOK-27 a clock that was set back makes nothing fresh", func(t *testing.T) {
		i, source := newIssuer(t, a)
		expect(t, source, "a", "found")
		i.after(-time.Hour)
		i.set(http.StatusOK, fake.JWKS(b))
		expect(t, source, "a", "unknown")
	})
	t.Run("an issuer that is down is not asked for each token", func(t *testing.T) {
		i, source := newIssuer(t, a)
		i.set(0, nil)
		for range 20 {
			expect(t, source, "a", "unavailable")
		}
		i.expectReads(t, 1)
		i.after(10 * time.Second)
		expect(t, source, "a", "unavailable")
		i.expectReads(t, 2)
	})
}

func TestJwksKeySourceRefuses(t *testing.T) {
	a := fake.NewKey("a")
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   string
	}{
		{"TOK-27 redirect", http.StatusFound, string(fake.JWKS(a)), "unavailable"},
		{"TOK-27 permanent redirect", http.StatusPermanentRedirect, string(fake.JWKS(a)), "unavailable"},
		{"not found", http.StatusNotFound, string(fake.JWKS(a)), "unavailable"},
		{"no content", http.StatusNoContent, "", "unavailable"},
		{"no JSON", http.StatusOK, "<html>", "unavailable"},
		{"no list keys", http.StatusOK, `{"KEYS":[]}`, "unavailable"},
		{"keys twice", http.StatusOK, `{"keys":[],"keys":[]}`, "unavailable"},
		{"TOK-27 256 kB", http.StatusOK, padded(fake.JWKS(a), 256_000), "found"},
		{"TOK-27 over 256 kB", http.StatusOK, padded(fake.JWKS(a), 256_001), "unavailable"},
		{"no keys", http.StatusOK, `{"keys":[]}`, "unknown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			i, source := newIssuer(t)
			i.set(c.status, []byte(c.body))
			expect(t, source, "a", c.want)
			i.expectReads(t, 1)
		})
	}
	t.Run("TOK-27 a reading ends after 5 s", func(t *testing.T) {
		i, source := newIssuer(t, a)
		expect(t, source, "a", "found")
		deadline, ok := i.last.Context().Deadline()
		if left := time.Until(deadline); !ok || left > 5*time.Second || left < time.Second {
			t.Errorf("deadline in %s, %t", left, ok)
		}
		if i.last.URL.String() != fake.Issuer+"/.well-known/jwks.json" || i.last.Method != http.MethodGet {
			t.Errorf("asked %s %s", i.last.Method, i.last.URL)
		}
	})
	for _, address := range []string{"", "jwks.json", "file:///etc/passwd", "ftp://x/y", "https://", "://"} {
		if _, err := trustlayer.NewJwksKeySource(address); err == nil {
			t.Errorf("accepted the URL %q", address)
		}
	}
}

func padded(text []byte, length int) string {
	return string(text) + strings.Repeat(" ", length-len(text))
}

func TestJwksKeySourceSharesOneReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i, source := newIssuer(t, fake.NewKey("a"))
		i.block = make(chan struct{})
		var waiting sync.WaitGroup
		for range 32 {
			waiting.Go(func() { expect(t, source, "a", "found") })
			waiting.Go(func() { expect(t, source, "nobody", "unknown") })
		}
		synctest.Wait()
		impatient, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := source.Key(impatient, "a"); err == nil {
			t.Error("a caller that gave up got an answer")
		}
		close(i.block)
		waiting.Wait()
		expect(t, source, "nobody", "unknown")
		if got := i.reads.Load(); got != 1 {
			t.Errorf("TOK-27: %d readings, want 1", got)
		}
	})
}

type brokenTransport struct{}

func (brokenTransport) RoundTrip(*http.Request) (*http.Response, error) { panic("broken") }

func TestJwksKeySourceOutlivesABrokenTransport(t *testing.T) {
	source, err := trustlayer.NewJwksKeySource("https://trust.example/jwks.json",
		trustlayer.WithHTTPClient(&http.Client{Transport: brokenTransport{}}))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, source, "a", "unavailable")
}

// TOK-27 over a real connection: the redirect is not followed, whatever the client given would do.
func TestJwksKeySourceOverHTTP(t *testing.T) {
	a := fake.NewKey("a")
	var followed atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/redirect":
			http.Redirect(w, r, "/target", http.StatusFound)
		case "/target":
			followed.Store(true)
			fallthrough
		default:
			_, _ = w.Write(fake.JWKS(a))
		}
	}))
	defer server.Close()
	for path, want := range map[string]string{"/redirect": "unavailable", "/jwks": "found"} {
		source, err := trustlayer.NewJwksKeySource(server.URL+path, trustlayer.WithHTTPClient(server.Client()))
		if err != nil {
			t.Fatal(err)
		}
		expect(t, source, "a", want)
	}
	if followed.Load() {
		t.Error("followed a redirect")
	}
}

func TestStaticKeySource(t *testing.T) {
	a := fake.NewKey("a")
	jwk := func(change func(map[string]any)) map[string]any {
		made := a.JWK()
		change(made)
		return made
	}
	for name, c := range map[string]struct {
		keys []any
		want string
	}{
		"a key":                    {[]any{a.JWK()}, "found"},
		"TOK-26 without kid":       {[]any{jwk(func(k map[string]any) { delete(k, "kid") })}, "unknown"},
		"TOK-26 other alg":         {[]any{jwk(func(k map[string]any) { k["alg"] = "Ed25519" })}, "unknown"},
		"TOK-26 without alg":       {[]any{jwk(func(k map[string]any) { delete(k, "alg") })}, "unknown"},
		"TOK-26 alg of other type": {[]any{jwk(func(k map[string]any) { k["alg"] = "ES256" })}, "unknown"},
		"TOK-26 other curve":       {[]any{jwk(func(k map[string]any) { k["crv"] = "X25519" })}, "unknown"},
		"TOK-26 other key type":    {[]any{jwk(func(k map[string]any) { k["kty"] = "EC" })}, "unknown"},
		"names in other case":      {[]any{jwk(func(k map[string]any) { k["X"] = k["x"]; delete(k, "x") })}, "unknown"},
		"x of another length":      {[]any{jwk(func(k map[string]any) { k["x"] = "AAAA" })}, "unknown"},
		"for encryption":           {[]any{jwk(func(k map[string]any) { k["use"] = "enc" })}, "unknown"},
		"use of wrong type":        {[]any{jwk(func(k map[string]any) { k["use"] = 1 })}, "unknown"},
		"two keys of one kid":      {[]any{a.JWK(), jwk(func(k map[string]any) { k["x"] = fake.NewKey("b").JWK()["x"] })}, "unknown"},
		"strange neighbours":       {[]any{nil, 1, "x", []any{}, map[string]any{"kid": 1}, a.JWK()}, "found"},
		"point not on the curve": {[]any{map[string]any{"kty": "EC", "crv": "P-256", "kid": "a", "alg": "ES256",
			"x": strings.Repeat("A", 43), "y": strings.Repeat("A", 43)}}, "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			source, err := trustlayer.NewStaticKeySource(mustJSON(t, map[string]any{"keys": c.keys}))
			if err != nil {
				t.Fatal(err)
			}
			expect(t, source, "a", c.want)
		})
	}
	expect(t, &trustlayer.StaticKeySource{}, "a", "unknown")
}
