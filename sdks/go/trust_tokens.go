package trustlayer

import (
	"context"
	"strings"
	"sync"
	"time"

	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
	"github.com/trust-layer/trust-layer/sdks/go/internal/lease"
)

// keptFor is the part of its life for which an issued token is given out again (SDK-38).
const keptFor = 0.8

// maxIssued is how many issued tokens are kept.
const maxIssued = 10_000

// TrustTokenOptions says what a token of [TrustClient.TrustToken] is to be like.
type TrustTokenOptions struct {
	// Scope values for the token, at most 32 of 1 to 64 characters.
	Scope []string
	// Lifetime is 5 to 300 s, in whole seconds; 0 means the tenant's.
	Lifetime time.Duration
	// Client is who presents the session_id. A bound session gets no token without it.
	Client ClientFacts
}

type tokenKey struct {
	asked           presented
	audience, scope string
	seconds         uint32
}

// issuedToken is one that is under way or kept.
type issuedToken struct {
	done  chan struct{}
	token string
	err   error
	// kept says whether the rest is known, so that it may be given out again.
	kept   bool
	facts  lease.TokenFacts
	stream uint64
	// askedAt is when the server was asked; lifeMs what it gave.
	askedAt lease.Reading
	lifeMs  float64
}

// tokenCache holds issued tokens, the oldest first to go.
type tokenCache struct {
	mu    sync.Mutex
	byKey map[tokenKey]*issuedToken
	order []tokenKey
	limit int
}

// TrustToken gives a token for one audience, as [TrustClient.IssueTrustToken] would: one that it issued before if that has
// more than a fifth of its life left and nothing known speaks against it. Those who ask at once get the same one. Scope
// `tokens:issue`, and `sessions:verify` for the memory.
func (c *TrustClient) TrustToken(
	ctx context.Context, sessionID, audience string, options TrustTokenOptions,
) (string, error) {
	w := c.watch
	if w.closed.Load() {
		return "", closedError()
	}
	w.begin()
	request := &trustv1.IssueTrustTokenRequest{
		SessionId: sendable(sessionID), Audience: audience, Scope: options.Scope,
		LifetimeSeconds: uint32(max(0, options.Lifetime/time.Second)),
	}
	asked := presented{sessionID, options.Client}
	if asked.known() {
		request.Client = options.Client.message()
	}
	key := tokenKey{asked, audience, strings.Join(options.Scope, " "), request.GetLifetimeSeconds()}
	for range maxAttempts {
		issued, mine := w.tokens.join(key, w.serves)
		if mine {
			go w.issue(key, issued, request)
		}
		select {
		case <-issued.done:
		case <-ctx.Done():
			return "", errorOf(ctx.Err(), nil)
		}
		if issued.err != nil {
			return "", issued.err
		}
		// What came in the meantime counts, whoever asked first.
		if !issued.kept || w.machine.Token(issued.facts, w.clock()) != lease.TokenRefuse {
			return issued.token, nil
		}
	}
	return "", &Error{Reason: ReasonSessionRejected, Code: "UNAUTHENTICATED", Message: "the session has changed meanwhile"}
}

// serves says whether a kept token may be given out again.
func (w *watcher) serves(issued *issuedToken) bool {
	now := w.clock()
	return issued.kept && issued.stream != 0 && issued.stream == w.machine.Stream() &&
		lease.Elapsed(issued.askedAt, now) < issued.lifeMs*keptFor &&
		w.machine.Token(issued.facts, now) == lease.TokenAccept
}

// issue asks for a token. Nobody's context ends it, for others may wait for it too.
func (w *watcher) issue(key tokenKey, issued *issuedToken, request *trustv1.IssueTrustTokenRequest) {
	issued.stream, issued.askedAt = w.machine.Ask(w.clock(), false).Stream, w.clock()
	answer, err := call(w.ctx, w.client, w.client.stubs.trustToken.IssueTrustToken, request)
	issued.token, issued.err = answer.GetTrustToken(), err
	if header, claims, ok := readIssued(issued.token); ok {
		issued.facts, issued.kept = factsOfToken(header, claims), true
		issued.lifeMs = float64(claims.ExpiresAt-claims.IssuedAt) * 1_000
	}
	w.tokens.finish(key, issued)
}

// readIssued reads what a token says that the server itself has just given.
func readIssued(token string) (header tokenHeader, claims *Claims, ok bool) {
	parts, ok := splitToken(token)
	if !ok {
		return header, nil, false
	}
	header, code := readHeader(parts[0])
	payload, isObject := parseStrictObject(parts[1])
	if code != "" || !isObject {
		return header, nil, false
	}
	claims, ok = readClaims(payload)
	return header, claims, ok
}

// join gives the token that is under way or still serves; else a new one, to be asked for by the caller.
func (t *tokenCache) join(key tokenKey, serves func(*issuedToken) bool) (issued *issuedToken, mine bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if known, found := t.byKey[key]; found {
		select {
		case <-known.done:
			if serves(known) {
				return known, false
			}
		default:
			return known, false
		}
	}
	issued = &issuedToken{done: make(chan struct{})}
	if _, listed := t.byKey[key]; !listed {
		t.order = append(t.order, key)
	}
	if t.byKey == nil {
		t.byKey = map[tokenKey]*issuedToken{}
	}
	t.byKey[key] = issued
	for len(t.byKey) > t.limit || len(t.order) > 2*t.limit {
		delete(t.byKey, t.order[0])
		t.order = t.order[1:]
	}
	return issued, true
}

func (t *tokenCache) finish(key tokenKey, issued *issuedToken) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !issued.kept && t.byKey[key] == issued {
		delete(t.byKey, key)
	}
	close(issued.done)
}

// clear forgets all: what is under way serves those who wait for it, and nobody else.
func (t *tokenCache) clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.byKey, t.order = nil, nil
}
