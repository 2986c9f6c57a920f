package trustlayer_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"
	"testing"

	trustlayer "github.com/trust-layer/trust-layer/sdks/go"
)

func TestSafeReturnPathVectors(t *testing.T) {
	type file struct {
		Vectors []struct{ Path, Expect string }
	}
	all := vectors[file](t, "return_paths.json").Vectors
	if len(all) < 50 {
		t.Fatalf("only %d vectors", len(all))
	}
	for _, vector := range all {
		t.Run("RED-6 "+vector.Path, func(t *testing.T) {
			if got := trustlayer.SafeReturnPath(vector.Path); got != vector.Expect {
				t.Errorf("got %q, want %q", got, vector.Expect)
			}
		})
	}
	for _, path := range []string{"/\xff", "/a\u0085b", "/\u009b"} {
		if got := trustlayer.SafeReturnPath(path); got != "/" {
			t.Errorf("RED-6 %q: got %q", path, got)
		}
	}
}

func TestEscapeLocation(t *testing.T) {
	for path, want := range map[string]string{
		"/a?b=c#d": "/a?b=c#d", "/ü b": "/%C3%BC%20b", "/%2f": "/%2f", "/.//\\host": "/.//\\host", "/\x7f\n": "/%7F%0A",
	} {
		if got := trustlayer.EscapeLocation(path); got != want {
			t.Errorf("%q: got %q, want %q", path, got, want)
		}
	}
}

func TestSignInFlow(t *testing.T) {
	flow := trustlayer.NewSignInFlow("/page?x=ü")
	t.Run("RED-2 the page gets state and challenge", func(t *testing.T) {
		page, err := url.Parse(flow.PageURL("https://trust.example/", "sign-up", "https://app.example/auth/callback"))
		if err != nil {
			t.Fatal(err)
		}
		query := page.Query()
		digest := sha256.Sum256([]byte(flow.Verifier()))
		if page.Host != "trust.example" || page.Path != "/sign-up" || len(query) != 4 ||
			query.Get("return_to") != "https://app.example/auth/callback" || query.Get("code_challenge_method") != "S256" ||
			query.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(digest[:]) {
			t.Errorf("got %s", page)
		}
		if !regexp.MustCompile(`^[A-Za-z0-9._~-]{16,256}$`).MatchString(query.Get("state")) || !flow.Accepts(query.Get("state")) {
			t.Errorf("state %q", query.Get("state"))
		}
		if !regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`).MatchString(flow.Verifier()) {
			t.Error("the verifier has another form")
		}
		if strings.Contains(page.String(), flow.Verifier()) {
			t.Error("the verifier left the backend")
		}
	})
	t.Run("RED-4 through the cookie", func(t *testing.T) {
		again, ok := trustlayer.ParseSignInFlow(flow.CookieValue())
		if !ok || again != flow || again.ReturnPath() != "/page?x=ü" {
			t.Errorf("got %v", again)
		}
	})
	t.Run("RED-4 only its own state is accepted", func(t *testing.T) {
		own, _, _ := strings.Cut(flow.CookieValue(), ".")
		other, _, _ := strings.Cut(trustlayer.NewSignInFlow("/").CookieValue(), ".")
		for _, state := range []string{"", other, own[:42], own + "x", strings.ToUpper(own), strings.ToLower(own)} {
			if flow.Accepts(state) {
				t.Errorf("accepted %q", state)
			}
		}
		if (trustlayer.SignInFlow{}).Accepts("") {
			t.Error("the zero flow accepted a callback")
		}
	})
	t.Run("each flow is new", func(t *testing.T) {
		if other := trustlayer.NewSignInFlow("/page?x=ü"); other.CookieValue() == flow.CookieValue() || other.Verifier() == flow.Verifier() {
			t.Error("the same again")
		}
	})
	t.Run("RED-6 at both ends of the cookie", func(t *testing.T) {
		if got := trustlayer.NewSignInFlow("//evil.example").ReturnPath(); got != "/" {
			t.Errorf("got %q", got)
		}
		if got := trustlayer.NewSignInFlow("/" + strings.Repeat("x", 2_000)).ReturnPath(); got != "/" {
			t.Errorf("got %d bytes", len(got))
		}
		forged := strings.Repeat("A", 43) + "." + strings.Repeat("B", 43) + "." +
			base64.RawURLEncoding.EncodeToString([]byte("https://evil.example"))
		if got, ok := trustlayer.ParseSignInFlow(forged); !ok || got.ReturnPath() != "/" {
			t.Errorf("got %v", got)
		}
	})
	t.Run("cookies that are none", func(t *testing.T) {
		value := flow.CookieValue()
		for _, cookie := range []string{"", ".", "..", value + ".x", value[1:], value + "=", " " + value, value[:88], value + strings.Repeat("A", 4_000)} {
			if _, ok := trustlayer.ParseSignInFlow(cookie); ok {
				t.Errorf("accepted %q", cookie)
			}
		}
	})
}
