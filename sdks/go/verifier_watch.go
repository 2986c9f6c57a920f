package trustlayer

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/trust-layer/trust-layer/sdks/go/internal/lease"
)

// maxVerified is how many verified tokens are kept (SDK-39).
const maxVerified = 10_000

// verifiedToken is a token whose form and signature were found good.
type verifiedToken struct {
	token  string
	header tokenHeader
	key    TrustKey
	claims *Claims
}

func (t verifiedToken) facts() lease.TokenFacts {
	return factsOfToken(t.header, t.claims)
}

func factsOfToken(header tokenHeader, claims *Claims) lease.TokenFacts {
	return lease.TokenFacts{
		Kid: header.kid, Sid: claims.SessionHandle, Ver: uint64(claims.Version), Sub: claims.Subject, Epoch: uint64(claims.Epoch),
		Org: claims.Organisation, OrgVer: uint64(claims.OrganisationVersion),
	}
}

// verifiedTokens keeps the latest; the oldest goes first. The zero value is empty.
type verifiedTokens struct {
	mu      sync.RWMutex
	byToken map[string]verifiedToken
	// order is a ring of the tokens that are kept; next is the place of the oldest once it is full.
	order []string
	next  int
}

func (v *verifiedTokens) get(token string) (verifiedToken, bool) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	found, known := v.byToken[token]
	return found, known
}

func (v *verifiedTokens) put(token verifiedToken) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, known := v.byToken[token.token]; known {
		return
	}
	if v.byToken == nil {
		v.byToken = map[string]verifiedToken{}
	}
	if len(v.order) < maxVerified {
		v.order = append(v.order, token.token)
	} else {
		delete(v.byToken, v.order[v.next])
		v.order[v.next] = token.token
		v.next = (v.next + 1) % maxVerified
	}
	v.byToken[token.token] = token
}

func (v *verifiedTokens) remove(token string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	// Its place in the order comes up in time.
	delete(v.byToken, token)
}

// judgeWatching makes the checks of [TOK-20] to [TOK-29] by one reading of the clocks. Where the machine cannot tell for
// want of a lease, it waits for one and checks again, the instants too.
func (v *Verifier) judgeWatching(ctx context.Context, known verifiedToken) (*Claims, string) {
	w := v.watch
	for waited := false; ; waited = true {
		reading := w.clock()
		now := time.UnixMicro(int64(reading.Wall * 1_000))
		if v.fixedClock {
			now = v.clock()
		}
		if code := v.checkClaims(known.claims, now); code != "" {
			if code == TokenExpired {
				v.verified.remove(known.token)
			}
			return nil, code
		}
		switch w.machine.Token(known.facts(), reading) {
		case lease.TokenAccept:
			v.verified.put(known)
			return known.claims.own(), ""
		case lease.TokenRefuse:
			v.verified.remove(known.token)
			return nil, TokenRevoked
		}
		if waited || w.machine.Leased(reading) || !w.waitForLease(ctx) {
			return nil, LeaseLost
		}
	}
}

// waitForLease waits at most the deadline of a call.
func (w *watcher) waitForLease(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, w.client.config.timeout)
	defer cancel()
	return w.awaitLease(ctx)
}

// own gives claims that nobody else has.
func (c *Claims) own() *Claims {
	copied := *c
	copied.AMR, copied.Roles = slices.Clone(c.AMR), slices.Clone(c.Roles)
	copied.OrganisationRoles, copied.Permissions = slices.Clone(c.OrganisationRoles), slices.Clone(c.Permissions)
	copied.TransactionContext, copied.RequestContext = maps.Clone(c.TransactionContext), maps.Clone(c.RequestContext)
	copied.Actor = c.Actor.own()
	return &copied
}

func (a *Actor) own() *Actor {
	if a == nil {
		return nil
	}
	return &Actor{Subject: a.Subject, Actor: a.Actor.own()}
}
