package trustlayer

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxReturnPath is the longest page to return to that a flow keeps, in bytes; a longer one becomes `/`.
const MaxReturnPath = 2_000

var flowForm = regexp.MustCompile(`^([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]+)$`)

// SignInFlow is what the backend keeps of one redirect to the hosted pages, in a cookie of at most 600 s (RED-4). It is
// a secret of the browser that began it; its text forms show the return path only. The zero value accepts no callback.
type SignInFlow struct {
	state, verifier, returnPath string
}

// NewSignInFlow begins a flow: a fresh `state` and PKCE verifier (RFC 7636) of 256 random bits each, and the page of this
// app to return to, made safe by [SafeReturnPath].
func NewSignInFlow(returnPath string) SignInFlow {
	returnPath = SafeReturnPath(returnPath)
	if len(returnPath) > MaxReturnPath {
		returnPath = "/"
	}
	return SignInFlow{state: randomText(), verifier: randomText(), returnPath: returnPath}
}

// ParseSignInFlow reads the value of the flow's cookie.
func ParseSignInFlow(cookie string) (SignInFlow, bool) {
	match := flowForm.FindStringSubmatch(cookie)
	if match == nil {
		return SignInFlow{}, false
	}
	path, ok := decodeBase64URL(match[3])
	if !ok || len(path) > MaxReturnPath {
		return SignInFlow{}, false
	}
	return SignInFlow{state: match[1], verifier: match[2], returnPath: SafeReturnPath(string(path))}, true
}

// CookieValue is what the flow's cookie holds. A secret.
func (f SignInFlow) CookieValue() string {
	return f.state + "." + f.verifier + "." + base64.RawURLEncoding.EncodeToString([]byte(f.returnPath))
}

// PageURL is where to send the browser. signInURL is where the hosted pages are, page is `sign-in` or `sign-up`, and
// returnTo is the callback of this app, exactly as in the tenant's list.
func (f SignInFlow) PageURL(signInURL, page, returnTo string) string {
	challenge := sha256.Sum256([]byte(f.verifier))
	query := url.Values{
		"return_to":             {returnTo},
		"state":                 {f.state},
		"code_challenge":        {base64.RawURLEncoding.EncodeToString(challenge[:])},
		"code_challenge_method": {"S256"},
	}
	return strings.TrimRight(signInURL, "/") + "/" + page + "?" + query.Encode()
}

// Accepts says whether a callback with this `state` belongs to the flow (RED-4). In constant time.
func (f SignInFlow) Accepts(state string) bool {
	return f.state != "" && subtle.ConstantTimeCompare([]byte(f.state), []byte(state)) == 1
}

// Verifier is the PKCE code verifier, for [TrustClient.ExchangeSignInCode]. A secret.
func (f SignInFlow) Verifier() string {
	return f.verifier
}

// ReturnPath is the page of this app to return to, safe by RED-6.
func (f SignInFlow) ReturnPath() string {
	return SafeReturnPath(f.returnPath)
}

// Format shows the return path only, for every verb (SDK-7).
func (f SignInFlow) Format(state fmt.State, _ rune) {
	_, _ = fmt.Fprintf(state, "trustlayer.SignInFlow{ReturnPath:%q}", f.ReturnPath())
}

// LogValue keeps state and verifier out of logs.
func (f SignInFlow) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprint(f))
}

func randomText() string {
	bytes := make([]byte, 32)
	_, _ = rand.Read(bytes) // Never fails: it ends the process rather than give few random bits.
	return base64.RawURLEncoding.EncodeToString(bytes)
}

// SafeReturnPath gives path if it is one of the same origin: it begins with one `/`, not followed by `/` or `\`, and is
// UTF-8 without control characters. Anything else becomes `/` (RED-6).
//
// Do not hand the result to [net/http.Redirect]: that tidies paths, and so makes `/\host` of `/.//\host`. Write it as
// the Location header after [EscapeLocation].
func SafeReturnPath(path string) string {
	if !strings.HasPrefix(path, "/") || (len(path) > 1 && (path[1] == '/' || path[1] == '\\')) {
		return "/"
	}
	if !utf8.ValidString(path) || strings.ContainsFunc(path, unicode.IsControl) {
		return "/"
	}
	return path
}

// EscapeLocation writes a path for a Location header: what is not visible ASCII is percent-encoded.
func EscapeLocation(path string) string {
	var text strings.Builder
	for i := range len(path) {
		if b := path[i]; b > ' ' && b < 0x7f {
			text.WriteByte(b)
		} else {
			_, _ = fmt.Fprintf(&text, "%%%02X", b)
		}
	}
	return text.String()
}
