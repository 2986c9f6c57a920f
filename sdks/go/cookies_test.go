package trustlayer_test

import (
	"net/http"
	"slices"
	"testing"

	trustlayer "github.com/trust-layer/trust-layer/sdks/go"
	"github.com/trust-layer/trust-layer/sdks/go/internal/fake"
)

func cookiesOf(t *testing.T, publicURL string) *trustlayer.Cookies {
	t.Helper()
	cookies, err := trustlayer.NewCookies(publicURL)
	if err != nil {
		t.Fatal(err)
	}
	return cookies
}

func TestCookieAttributes(t *testing.T) {
	flow := trustlayer.NewSignInFlow("/")
	for _, c := range []struct {
		publicURL, prefix, attributes string
	}{
		{"https://app.example", "__Host-", "; HttpOnly; Secure; SameSite=Lax"},
		{"https://localhost:8443", "__Host-", "; HttpOnly; Secure; SameSite=Lax"},
		{"http://localhost:3000", "", "; HttpOnly; SameSite=Lax"},
		{"http://127.0.0.1:3000", "", "; HttpOnly; SameSite=Lax"},
		{"http://[::1]:3000", "", "; HttpOnly; SameSite=Lax"},
	} {
		t.Run("RED-5 "+c.publicURL, func(t *testing.T) {
			cookies, header := cookiesOf(t, c.publicURL), http.Header{}
			cookies.SetSession(header, fake.SessionID)
			cookies.ClearSession(header)
			cookies.SetFlow(header, flow)
			cookies.ClearFlow(header)
			age := func(seconds string) string { return "; Path=/; Max-Age=" + seconds + c.attributes }
			want := []string{
				c.prefix + "session_id=" + fake.SessionID + "; Path=/" + c.attributes,
				c.prefix + "session_id=" + age("0"),
				c.prefix + "trust_flow=" + flow.CookieValue() + age("600"),
				c.prefix + "trust_flow=" + age("0"),
			}
			if got := header["Set-Cookie"]; !slices.Equal(got, want) {
				t.Errorf("got\n%q, want\n%q", got, want)
			}
		})
	}
}

func TestSessionCookie(t *testing.T) {
	const name = "__Host-session_id="
	id := fake.SessionID
	for _, c := range []struct {
		name    string
		headers []string
		want    string
	}{
		{"one", []string{name + id}, id},
		{"among others", []string{"a=b; " + name + id + "; c=d"}, id},
		{"with space and tab", []string{"a=b;\t" + name + " " + id + " "}, id},
		{"none", nil, ""},
		{"SDK-21 two in one header", []string{name + id + "; " + name + id}, ""},
		{"SDK-21 two in two headers", []string{name + id, name + id}, ""},
		{"SDK-21 the second empty", []string{name + id + "; " + name}, ""},
		{"SDK-21 the first with bytes that net/http drops", []string{name + "\"x\\,\x01; " + name + id}, ""},
		{"RED-5 without the prefix", []string{"session_id=" + id}, ""},
		{"RED-5 prefix in another case", []string{"__host-session_id=" + id}, ""},
		{"RED-5 a no-break space before the prefix", []string{"\u00a0" + name + id}, ""},
		{"no value", []string{"__Host-session_id"}, ""},
		{"quotes stay, and so make it no session_id", []string{name + `"` + id + `"`}, `"` + id + `"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			header := http.Header{"Cookie": c.headers}
			got, ok := cookiesOf(t, "https://app.example").Session(header)
			if got != c.want || ok != (c.want != "") {
				t.Errorf("got %q, %t", got, ok)
			}
		})
	}
}

func TestFlowCookie(t *testing.T) {
	cookies := cookiesOf(t, "https://app.example")
	if _, ok := cookies.Flow(http.Header{"Cookie": {"__Host-trust_flow=a; __Host-trust_flow=b"}}); ok {
		t.Error("RED-4: took one of two")
	}
	if got, ok := cookies.Flow(http.Header{"Cookie": {"__Host-trust_flow=a"}}); !ok || got != "a" {
		t.Errorf("got %q", got)
	}
}

func TestNewCookies(t *testing.T) {
	for publicURL, want := range map[string]string{
		"https://app.example": "https://app.example", "https://app.example/": "https://app.example",
		"https://App.Example:443": "https://app.example", "http://localhost:80": "http://localhost",
		"https://app.example:8443": "https://app.example:8443",
	} {
		if got := cookiesOf(t, publicURL).Origin(); got != want {
			t.Errorf("%s: got %s, want %s", publicURL, got, want)
		}
	}
	for _, publicURL := range []string{
		"", "app.example", "ftp://app.example", "https://", "https://app.example/x", "https://app.example?x",
		"https://app.example#x", "https://user@app.example", "http://app.example", "http://0.0.0.0:3000", "https://:443",
	} {
		if cookies, err := trustlayer.NewCookies(publicURL); err == nil || cookies != nil {
			t.Errorf("RED-5: accepted %q", publicURL)
		}
	}
}
