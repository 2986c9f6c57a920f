package trustlayer

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"
)

const (
	jwksMaxBytes    = 256_000
	jwksTimeout     = 5 * time.Second
	jwksFreshFor    = 60 * time.Second
	jwksUsableFor   = 300 * time.Second
	jwksSearchEvery = 10 * time.Second
)

var errKeysUnavailable = errors.New("trustlayer: the JWKS could not be read")

// KeySource finds the public keys of Trust Tokens. Implementations are safe for concurrent use.
type KeySource interface {
	// Key gives the key with this id, or false if there is none. An error means that the keys could not be read, so that
	// nothing can be said: KEYS_UNAVAILABLE.
	Key(ctx context.Context, kid string) (TrustKey, bool, error)
}

// StaticKeySource serves keys given once, for tests and closed systems. The zero value has none.
type StaticKeySource struct {
	keys map[string]TrustKey
}

// NewStaticKeySource reads a JSON Web Key Set (RFC 7517). Members that are no usable public key are ignored (TOK-26);
// the error means that it is no key set at all.
func NewStaticKeySource(jwks []byte) (*StaticKeySource, error) {
	keys, err := parseJWKS(jwks)
	if err != nil {
		return nil, err
	}
	return &StaticKeySource{keys: keys}, nil
}

// Key gives the key with this id. It never fails.
func (s *StaticKeySource) Key(_ context.Context, kid string) (TrustKey, bool, error) {
	key, found := s.keys[kid]
	return key, found, nil
}

// JwksKeySource serves the keys that an issuer publishes at `{issuer}/.well-known/jwks.json` (TOK-27). It reads when
// first asked and again after 60 s; at an unknown key id at once, but for that at most once in 10 s. When reading
// fails, known keys serve until 300 s after the last success. A reading takes at most 256 kB and 5 s, follows no
// redirect, and is shared by all that wait for it. Safe for concurrent use. Make it with [NewJwksKeySource].
type JwksKeySource struct {
	url    string
	client *http.Client
	keyCache
}

// keyCache keeps keys as TOK-27 says.
type keyCache struct {
	clock func() time.Time
	// load reads the keys; it gets at most 5 s.
	load func(context.Context) (map[string]TrustKey, error)

	mu         sync.Mutex
	keys       map[string]TrustKey
	readAt     time.Time
	triedAt    time.Time
	searchedAt time.Time
	failed     bool
	reading    *reading
	// changes counts how often the keys were said to have changed, readChanges those before what is known was asked for.
	changes, readChanges int
}

// reading is one request under way, and the unknown key ids that wait for it.
type reading struct {
	startedAt time.Time
	changes   int
	done      chan struct{}
	unknown   []string
}

// JwksOption changes a [JwksKeySource].
type JwksOption func(*JwksKeySource)

// WithHTTPClient sets the client that reads the keys; it is copied, for redirects are never followed. Default: a client
// with the transport [http.DefaultTransport].
func WithHTTPClient(client *http.Client) JwksOption {
	return func(s *JwksKeySource) { s.client = client }
}

// WithJwksClock sets the clock. Default [time.Now].
func WithJwksClock(clock func() time.Time) JwksOption {
	return func(s *JwksKeySource) { s.clock = clock }
}

// NewJwksKeySource makes a key source of an http or https URL, such as issuer + "/.well-known/jwks.json". It does no I/O.
func NewJwksKeySource(jwksURL string, options ...JwksOption) (*JwksKeySource, error) {
	parsed, err := url.Parse(jwksURL)
	if err != nil || (parsed.Scheme != "https" && parsed.Scheme != "http") || parsed.Host == "" {
		return nil, errors.New("trustlayer: the URL of a JWKS must be an absolute http or https URL")
	}
	s := &JwksKeySource{url: jwksURL, client: &http.Client{}, keyCache: keyCache{clock: time.Now}}
	s.load = s.download
	for _, option := range options {
		option(s)
	}
	if s.client == nil || s.clock == nil {
		return nil, errors.New("trustlayer: a key source needs an HTTP client and a clock")
	}
	client := *s.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client.Jar = nil
	s.client = &client
	return s, nil
}

// Key gives the key with this id; it does no I/O while the key is known and fresh.
func (s *keyCache) Key(ctx context.Context, kid string) (TrustKey, bool, error) {
	s.mu.Lock()
	key, known := s.keys[kid]
	if known && s.fresh() {
		s.mu.Unlock()
		return key, true, nil
	}
	awaited := s.decide(kid, known)
	s.mu.Unlock()
	if awaited != nil {
		select {
		case <-awaited.done:
		case <-ctx.Done():
			return TrustKey{}, false, errKeysUnavailable
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key, known = s.keys[kid]
	// Of a key id that was never seen nothing can be said while the issuer cannot be asked.
	if !s.within(s.readAt, jwksUsableFor) || (!known && s.failed) {
		return TrustKey{}, false, errKeysUnavailable
	}
	return key, known, nil
}

// decide says which reading to wait for, and begins one where it is due; nil means to go on with what is known.
func (s *keyCache) decide(kid string, known bool) *reading {
	if s.fresh() {
		// The key is unknown: read at once, but not too often.
		if s.reading == nil && s.within(s.searchedAt, jwksSearchEvery) {
			return nil
		}
		awaited := s.read()
		s.searchedAt = awaited.startedAt
		return awaited
	}
	if s.reading == nil && s.failed && s.within(s.triedAt, jwksSearchEvery) {
		return nil
	}
	awaited := s.read()
	if !known {
		awaited.unknown = append(awaited.unknown, kid)
	} else if s.failed && s.within(s.readAt, jwksUsableFor) {
		// While the issuer is down, nobody waits for a key that still serves.
		return nil
	}
	return awaited
}

func (s *keyCache) fresh() bool {
	return s.readChanges == s.changes && s.within(s.readAt, jwksFreshFor)
}

// changed makes the next question read again, also where a reading is under way, for that may have come too early.
func (s *keyCache) changed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes++
	s.reading = nil
}

// within says whether since is less than span ago. The larger of what the monotonic and the wall clock say counts, for
// a suspended machine stops the first; where the wall clock was set back, or there is no since, the age is not known.
func (s *keyCache) within(since time.Time, span time.Duration) bool {
	if since.IsZero() {
		return false
	}
	now := s.clock()
	wall := now.Round(0).Sub(since.Round(0))
	return wall >= 0 && max(wall, now.Sub(since)) < span
}

// read joins the reading under way or begins one, which no caller's context ends. It is called with the lock held.
func (s *keyCache) read() *reading {
	if s.reading == nil {
		s.triedAt = s.clock()
		s.reading = &reading{startedAt: s.triedAt, changes: s.changes, done: make(chan struct{})}
		go s.finish(s.reading)
	}
	return s.reading
}

func (s *keyCache) finish(current *reading) {
	keys, err := s.loadSafely()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reading == current {
		s.reading, s.failed = nil, err != nil
	}
	if err == nil && current.changes >= s.readChanges {
		// The keys are as old as the question, not as the answer.
		s.keys, s.readAt, s.readChanges = keys, current.startedAt, current.changes
	}
	for _, kid := range current.unknown {
		if _, known := s.keys[kid]; !known {
			// This reading has looked for it too: the next search may come in 10 s.
			s.searchedAt = current.startedAt
		}
	}
	close(current.done)
}

func (s *keyCache) loadSafely() (keys map[string]TrustKey, err error) {
	// A transport of the caller that panics must not end the process from a goroutine of ours.
	defer func() {
		if caught := recover(); caught != nil {
			keys, err = nil, errKeysUnavailable
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), jwksTimeout)
	defer cancel()
	return s.load(ctx)
}

func (s *JwksKeySource) download(ctx context.Context) (map[string]TrustKey, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return nil, errKeysUnavailable
	}
	request.Header.Set("Accept", "application/jwk-set+json, application/json")
	response, err := s.client.Do(request)
	if err != nil {
		return nil, errKeysUnavailable
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, errKeysUnavailable
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, jwksMaxBytes+1))
	if err != nil || len(body) > jwksMaxBytes {
		return nil, errKeysUnavailable
	}
	return parseJWKS(body)
}
