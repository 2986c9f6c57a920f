package trustlayer

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"math/big"
	"strings"
	"time"
)

const (
	// MaxLeeway is the most by which the clocks of issuer and verifier may differ, and the default.
	MaxLeeway = 5 * time.Second

	maxTokenBytes      = 8_192
	maxLifetimeSeconds = 300
	tokenType          = "trust+jwt"
)

// Verifier checks Trust Tokens for one audience without a call to the Trust Layer (chapter 3 of the standard). It does
// no I/O while its key source knows the key and is fresh (SDK-10). Safe for concurrent use. Make it with [NewVerifier];
// the zero value refuses every token.
type Verifier struct {
	issuer, audience, tenantID string
	keySource                  KeySource
	leeway                     time.Duration
	clock                      func() time.Time
	// fixedClock says that the clock was given by the caller.
	fixedClock bool
	watch      *watcher
	verified   verifiedTokens
}

// VerifierOption changes a [Verifier].
type VerifierOption func(*Verifier)

// WithTenant sets the exact `tid` of the tokens. Default `default`.
func WithTenant(tenantID string) VerifierOption {
	return func(v *Verifier) { v.tenantID = tenantID }
}

// WithLeeway sets by how much the clocks of issuer and verifier may differ, 0 to 5 s. Default 5 s.
func WithLeeway(leeway time.Duration) VerifierOption {
	return func(v *Verifier) { v.leeway = leeway }
}

// WithClock sets the clock. Default [time.Now].
func WithClock(clock func() time.Time) VerifierOption {
	return func(v *Verifier) { v.clock, v.fixedClock = clock, true }
}

// WithWatch makes the verifier follow the changes that the client learns of: no token outlives the end of its session, or
// its key, by more than 2 s. While it cannot tell, for want of a lease, it waits for one up to the client's deadline, and
// then decides nothing: LEASE_LOST. It also keeps what it has verified, 10,000 tokens at most, so that the next use of one
// costs no signature. The client must be of the tokens' tenant, and without [Config].DisableWatch.
func WithWatch(client *TrustClient) VerifierOption {
	return func(v *Verifier) {
		v.watch = nil
		if client != nil {
			v.watch = client.watch
		}
	}
}

// NewVerifier makes a verifier of tokens whose `iss` is issuer and whose `aud` is audience, the name of this service;
// both are compared byte by byte. The error says which argument is missing or out of bounds.
func NewVerifier(issuer, audience string, keySource KeySource, options ...VerifierOption) (*Verifier, error) {
	v := &Verifier{
		issuer: issuer, audience: audience, tenantID: DefaultTenant,
		keySource: keySource, leeway: MaxLeeway, clock: time.Now,
	}
	for _, option := range options {
		option(v)
	}
	switch {
	case v.issuer == "" || v.audience == "" || v.tenantID == "":
		return nil, errors.New("trustlayer: issuer, audience and tenant must not be empty")
	case v.keySource == nil || v.clock == nil:
		return nil, errors.New("trustlayer: a verifier needs a key source and a clock")
	case v.leeway < 0 || v.leeway > MaxLeeway:
		return nil, errors.New("trustlayer: the leeway must be 0 to 5 s")
	case v.watch != nil && (!v.watch.enabled || v.watch.client.TenantID() != v.tenantID):
		return nil, errors.New("trustlayer: a verifier watches with a client of its tenant, without DisableWatch")
	}
	return v, nil
}

// Verify checks a token in JWS compact form, 1 to 8,192 bytes, and gives its claims (TOK-10 to TOK-25). Every error is
// an [*Error]: reason TRUST_TOKEN_REJECTED with the code of the first check that failed, such as [TokenExpired], or
// reason and code KEYS_UNAVAILABLE if the keys could not be read, or LEASE_LOST if it watches and cannot tell. The context
// bounds the reading of keys and the wait for a lease only.
func (v *Verifier) Verify(ctx context.Context, token string) (*Claims, error) {
	claims, code := v.verify(ctx, token)
	if code != "" {
		return nil, tokenError(code)
	}
	return claims, nil
}

func tokenError(code string) *Error {
	switch code {
	case KeysUnavailable:
		return &Error{Reason: ReasonKeysUnavailable, Code: code, Message: "the keys could not be read"}
	case LeaseLost:
		return &Error{Reason: ReasonLeaseLost, Code: code, Message: "there is no lease to tell what was revoked"}
	}
	return &Error{Reason: ReasonTrustTokenRejected, Code: code, Message: "the Trust Token was refused"}
}

// verify makes the checks in the order of the standard and gives the code of the first that fails.
func (v *Verifier) verify(ctx context.Context, token string) (*Claims, string) {
	if v == nil || v.keySource == nil {
		return nil, KeysUnavailable
	}
	if token == "" || len(token) > maxTokenBytes {
		return nil, TokenSize
	}
	known, code := v.checkForm(ctx, token)
	if code != "" {
		return nil, code
	}
	if v.watch != nil {
		return v.judgeWatching(ctx, known)
	}
	// The clock is read last, so that nothing comes between it and its use.
	return known.claims, v.checkClaims(known.claims, v.clock())
}

// checkForm checks all that stays as it is: form, signature and types. What was found good before is not checked again,
// but for its key, which must still be there.
func (v *Verifier) checkForm(ctx context.Context, token string) (verifiedToken, string) {
	known, isKnown := v.verified.get(token)
	var parts [3][]byte
	if !isKnown {
		var ok bool
		if parts, ok = splitToken(token); !ok {
			return known, TokenMalformed
		}
		var code string
		if known.header, code = readHeader(parts[0]); code != "" {
			return known, code
		}
	}
	key, found, err := v.keySource.Key(ctx, known.header.kid)
	if err != nil {
		return known, KeysUnavailable
	}
	if !found || key.ID != known.header.kid {
		return known, TokenKeyUnknown
	}
	if isKnown && key.equal(known.key) {
		return known, ""
	}
	if isKnown {
		v.verified.remove(token)
		return v.checkForm(ctx, token)
	}
	// The algorithm is the key's; that of the token only has to be equal to it.
	if known.header.alg != key.Algorithm {
		return known, TokenAlgorithm
	}
	if !key.verifies([]byte(token[:strings.LastIndexByte(token, '.')]), parts[2]) {
		return known, TokenSignature
	}
	payload, ok := parseStrictObject(parts[1])
	if !ok {
		return known, TokenMalformed
	}
	if known.claims, ok = readClaims(payload); !ok {
		return known, TokenClaims
	}
	known.token, known.key = token, key
	return known, ""
}

type tokenHeader struct {
	alg, kid string
}

func readHeader(text []byte) (tokenHeader, string) {
	members, ok := parseStrictObject(text)
	if !ok {
		return tokenHeader{}, TokenMalformed
	}
	typ, hasType := stringOf(members["typ"])
	alg, hasAlg := stringOf(members["alg"])
	kid, hasKid := stringOf(members["kid"])
	switch {
	case len(members) != 3 || !hasType || !hasAlg || !hasKid:
		return tokenHeader{}, TokenHeader
	case typ != tokenType:
		return tokenHeader{}, TokenType
	case alg != AlgorithmEdDSA && alg != AlgorithmES256:
		return tokenHeader{}, TokenAlgorithm
	default:
		return tokenHeader{alg: alg, kid: kid}, ""
	}
}

// verifies checks a signature over the bytes as received (TOK-17).
func (k TrustKey) verifies(signed, signature []byte) bool {
	switch public := k.public.(type) {
	case ed25519.PublicKey:
		return k.Algorithm == AlgorithmEdDSA && len(public) == ed25519.PublicKeySize &&
			ed25519.Verify(public, signed, signature)
	case *ecdsa.PublicKey:
		if k.Algorithm != AlgorithmES256 || len(signature) != 64 {
			return false
		}
		digest := sha256.Sum256(signed)
		return ecdsa.Verify(public, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
	default:
		return false
	}
}

// checkClaims makes the checks that depend on the verifier and on time.
func (v *Verifier) checkClaims(claims *Claims, now time.Time) string {
	lifetime := claims.ExpiresAt - claims.IssuedAt
	switch {
	case claims.Issuer != v.issuer:
		return TokenIssuer
	case claims.Audience != v.audience:
		return TokenAudience
	case claims.TenantID != v.tenantID:
		return TokenTenant
	case lifetime < 1 || lifetime > maxLifetimeSeconds:
		return TokenLifetime
	case time.Unix(claims.IssuedAt, 0).After(now.Add(v.leeway)):
		return TokenNotYetValid
	case !now.Before(time.Unix(claims.ExpiresAt, 0).Add(v.leeway)):
		return TokenExpired
	default:
		return ""
	}
}
