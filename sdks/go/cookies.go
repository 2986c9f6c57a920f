package trustlayer

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// FlowCookieSeconds is how long a sign-in may take: the life of the flow's cookie (RED-4).
const FlowCookieSeconds = 600

// Cookies names, reads and writes the two cookies of the middleware as the public URL of the app demands (RED-5). Make
// it with [NewCookies].
type Cookies struct {
	origin string
	plain  bool
}

// NewCookies takes the origin of the app, such as `https://app.example`. Plain http is for loopback hosts only: beyond
// that no browser keeps the cookies.
func NewCookies(publicURL string) (*Cookies, error) {
	parsed, err := url.Parse(publicURL)
	if err != nil || (parsed.Scheme != "https" && parsed.Scheme != "http") || parsed.Hostname() == "" ||
		parsed.User != nil || strings.TrimSuffix(parsed.Path, "/") != "" || parsed.RawQuery != "" ||
		parsed.ForceQuery || strings.Contains(publicURL, "#") {
		return nil, errors.New("trustlayer: the public URL must be an origin such as https://app.example")
	}
	plain := parsed.Scheme == "http"
	if plain && !isLoopbackHost(parsed.Hostname()) {
		return nil, errors.New("trustlayer: the public URL must be https, but for a loopback host")
	}
	return &Cookies{origin: originOf(parsed), plain: plain}, nil
}

// originOf writes an origin as browsers do: lower case, without the usual port.
func originOf(parsed *url.URL) string {
	host := strings.ToLower(parsed.Host)
	usual := map[string]string{"https": ":443", "http": ":80"}[parsed.Scheme]
	return parsed.Scheme + "://" + strings.TrimSuffix(strings.TrimSuffix(host, usual), ":")
}

// Origin is the origin of the app, as browsers write it.
func (c *Cookies) Origin() string {
	return c.origin
}

// Plain says that the app is on plain http on a loopback host, so that the cookies go without `__Host-` and `Secure`.
func (c *Cookies) Plain() bool {
	return c.plain
}

// SessionName is the name of the session's cookie.
func (c *Cookies) SessionName() string {
	return c.prefix() + "session_id"
}

// FlowName is the name of the flow's cookie.
func (c *Cookies) FlowName() string {
	return c.prefix() + "trust_flow"
}

func (c *Cookies) prefix() string {
	if c.plain {
		return ""
	}
	return "__Host-"
}

// Session is the session_id that a request brings; false if it brings none or more than one cookie of the name
// (SDK-21). It proves nothing before [TrustClient.Verify] said active.
func (c *Cookies) Session(header http.Header) (string, bool) {
	return single(CookieValues(header, c.SessionName()))
}

// Flow is the value of the flow's cookie; false if there is none or more than one.
func (c *Cookies) Flow(header http.Header) (string, bool) {
	return single(CookieValues(header, c.FlowName()))
}

// SetSession gives the browser its session.
func (c *Cookies) SetSession(header http.Header, sessionID string) {
	c.add(header, c.SessionName(), sessionID, 0)
}

// ClearSession takes the session's cookie away.
func (c *Cookies) ClearSession(header http.Header) {
	c.add(header, c.SessionName(), "", -1)
}

// SetFlow keeps the flow in the browser.
func (c *Cookies) SetFlow(header http.Header, flow SignInFlow) {
	c.add(header, c.FlowName(), flow.CookieValue(), FlowCookieSeconds)
}

// ClearFlow takes the flow's cookie away.
func (c *Cookies) ClearFlow(header http.Header) {
	c.add(header, c.FlowName(), "", -1)
}

func (c *Cookies) add(header http.Header, name, value string, maxAge int) {
	cookie := http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: maxAge,
		Secure: !c.plain, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	header.Add("Set-Cookie", cookie.String())
}

// CookieValues gives every value of exactly this name, in the order of the headers. Unlike the parser of net/http it
// drops none that is malformed, so that a second cookie cannot hide, and takes no quotes off.
func CookieValues(header http.Header, name string) []string {
	var values []string
	for _, line := range header["Cookie"] {
		for pair := range strings.SplitSeq(line, ";") {
			found, value, hasValue := strings.Cut(pair, "=")
			// Space and tab only: trimming more would let another name pass for one with the protected prefix.
			if hasValue && strings.Trim(found, " \t") == name {
				values = append(values, strings.Trim(value, " \t"))
			}
		}
	}
	return values
}

func single(values []string) (string, bool) {
	if len(values) != 1 {
		return "", false
	}
	return values[0], true
}
