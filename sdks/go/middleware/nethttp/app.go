// Package nethttp is the middleware for net/http: the session of a request, the routes of the redirect flow, and Trust
// Tokens between backends.
//
//	app, err := nethttp.New(nethttp.Options{Client: client, SignInURL: "http://localhost:8080", PublicURL: "http://localhost:3000"})
//	mux.Handle("/auth/", nethttp.SignInRoutes(app))
//	mux.Handle("/account", nethttp.RequireSession(app, account))
//	http.ListenAndServe("127.0.0.1:3000", nethttp.Session(app, mux))
package nethttp

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	trustlayer "github.com/trust-layer/trust-layer/sdks/go"
	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
)

// Client is what the middleware needs of a [trustlayer.TrustClient]. Its service needs the scopes `sessions:verify`,
// `sessions:revoke` and `sign-in`.
type Client interface {
	// Verify is as [trustlayer.TrustClient.Verify].
	Verify(ctx context.Context, sessionID string, options ...trustlayer.VerifyOption) (trustlayer.Verdict, error)
	// RevokeSession is as [trustlayer.TrustClient.RevokeSession].
	RevokeSession(ctx context.Context, request *trustv1.RevokeSessionRequest) (*trustv1.RevokeSessionResponse, error)
	// ExchangeSignInCode is as [trustlayer.TrustClient.ExchangeSignInCode].
	ExchangeSignInCode(
		ctx context.Context, request *trustv1.ExchangeSignInCodeRequest,
	) (*trustv1.ExchangeSignInCodeResponse, error)
}

// Options of an [App].
type Options struct {
	// Client calls the Trust Layer. Required.
	Client Client
	// SignInURL is where the hosted pages are, such as `http://localhost:8080`. Empty for apps with a login page of
	// their own: then there is no redirect to sign-in.
	SignInURL string
	// PublicURL is the origin of this app, such as `https://app.example`; plain http for loopback hosts only. It builds
	// every link and decides the names of the cookies; `Host` and `Forwarded` never do. Required.
	PublicURL string
	// BasePath is the path under which the routes are. Default `/auth`.
	BasePath string
	// Verify are the options of each verification, such as [trustlayer.Strong]. Default: bounded.
	Verify []trustlayer.VerifyOption
	// ClientIP gives the address of the client of a request, for lists of sessions and sessions that are bound. Behind a
	// proxy that you trust, read what it says. Default: the address of the socket.
	ClientIP func(*http.Request) string
	// NoRedirect answers 401 instead of sending a browser that navigates to sign-in.
	NoRedirect bool
	// Logger gets the one line about plain http on loopback. Default [slog.Default].
	Logger *slog.Logger
}

// App holds what the pieces of the middleware have in common. Safe for concurrent use. Make it with [New].
type App struct {
	client    Client
	signInURL string
	basePath  string
	cookies   *trustlayer.Cookies
	verify    []trustlayer.VerifyOption
	redirects bool
	clientIP  func(*http.Request) string
}

var basePathForm = regexp.MustCompile(`^(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$`)

// New makes an app. The error says which option is missing or malformed.
func New(options Options) (*App, error) {
	if options.Client == nil {
		return nil, errors.New("nethttp: Options.Client is required")
	}
	cookies, err := trustlayer.NewCookies(options.PublicURL)
	if err != nil {
		return nil, err
	}
	if options.BasePath == "" {
		options.BasePath = "/auth"
	}
	if !basePathForm.MatchString(options.BasePath) {
		return nil, errors.New("nethttp: Options.BasePath must be a path such as /auth")
	}
	if options.SignInURL != "" && !isPageURL(options.SignInURL) {
		return nil, errors.New("nethttp: Options.SignInURL must be an http or https URL without query")
	}
	if cookies.Plain() {
		logger := options.Logger
		if logger == nil {
			logger = slog.Default()
		}
		logger.Warn("trust layer: plain http on loopback, so cookies go without __Host- and Secure",
			slog.String("public_url", cookies.Origin()))
	}
	if options.ClientIP == nil {
		options.ClientIP = socketIP
	}
	return &App{
		client: options.Client, signInURL: options.SignInURL, basePath: options.BasePath, cookies: cookies,
		verify: options.Verify, clientIP: options.ClientIP, redirects: options.SignInURL != "" && !options.NoRedirect,
	}, nil
}

func isPageURL(text string) bool {
	parsed, err := url.Parse(text)
	return err == nil && (parsed.Scheme == "https" || parsed.Scheme == "http") && parsed.Host != "" &&
		parsed.User == nil && !strings.ContainsAny(text, "?#")
}

// ReturnTo is the callback of this app. It must be in the tenant's list exactly (RED-1).
func (a *App) ReturnTo() string {
	return a.cookies.Origin() + a.basePath + "/callback"
}

// SetSessionCookie gives the browser its session, for apps with a login page of their own: call it with the session_id
// of a sign-in before anything is written (RED-5). A text that is no session_id is refused.
func (a *App) SetSessionCookie(w http.ResponseWriter, sessionID string) error {
	if !trustlayer.IsSessionID(sessionID) {
		return errors.New("nethttp: not a session_id")
	}
	a.cookies.SetSession(w.Header(), sessionID)
	w.Header().Set("Cache-Control", "no-store")
	return nil
}

// ClearSessionCookie takes the session's cookie away. It does not end the session; see [SignInRoutes].
func (a *App) ClearSessionCookie(w http.ResponseWriter) {
	a.cookies.ClearSession(w.Header())
}

// answer writes one of the middleware's own answers. None may be kept by a cache or tell another site its address: that
// of the callback holds the code.
func answer(w http.ResponseWriter, status int, body string) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Type", "text/plain; charset=utf-8")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// redirect answers 303. The location is written as it is: http.Redirect would tidy its path, and so change where it leads.
func redirect(w http.ResponseWriter, location string) {
	w.Header().Set("Location", location)
	answer(w, http.StatusSeeOther, "")
}
