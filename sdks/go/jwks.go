package trustlayer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"errors"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Algorithms of Trust Tokens.
const (
	// AlgorithmEdDSA is EdDSA with Ed25519 (RFC 8037).
	AlgorithmEdDSA = "EdDSA"
	// AlgorithmES256 is ECDSA with P-256 and SHA-256 (RFC 7518).
	AlgorithmES256 = "ES256"
)

const maxKeyIDLength = 64

// TrustKey is a public key and the one algorithm with which it may be used. The zero value verifies nothing.
type TrustKey struct {
	// ID is the `kid`, 1 to 64 characters.
	ID string
	// Algorithm is `EdDSA` or `ES256`.
	Algorithm string
	public    crypto.PublicKey
}

func (k TrustKey) equal(other TrustKey) bool {
	public, comparable := k.public.(interface{ Equal(crypto.PublicKey) bool })
	return comparable && k.ID == other.ID && k.Algorithm == other.Algorithm && public.Equal(other.public)
}

var errJWKS = errors.New("trustlayer: a JWKS must be a JSON object with a list keys")

// parseJWKS reads a JSON Web Key Set (RFC 7517). Members that are no usable public key are ignored (TOK-26), and so is
// an id that two keys have.
func parseJWKS(text []byte) (map[string]TrustKey, error) {
	set, ok := parseStrictObject(text)
	if !ok {
		return nil, errJWKS
	}
	members, ok := itemsOf(set["keys"])
	if !ok {
		return nil, errJWKS
	}
	found, twice := map[string]TrustKey{}, map[string]bool{}
	for _, member := range members {
		if key, usable := parseJWK(member); usable {
			_, taken := found[key.ID]
			twice[key.ID] = taken || twice[key.ID]
			found[key.ID] = key
		}
	}
	for id, isTwice := range twice {
		if isTwice {
			delete(found, id)
		}
	}
	return found, nil
}

// parseJWK reads a public key. Public members only, so that a private key in the set stays unused.
func parseJWK(value jsontext.Value) (TrustKey, bool) {
	members, ok := membersOf(value)
	if !ok {
		return TrustKey{}, false
	}
	text := func(name string) string {
		found, _ := stringOf(members[name])
		return found
	}
	if _, present := members["use"]; present && text("use") != "sig" {
		return TrustKey{}, false
	}
	key := TrustKey{ID: text("kid"), Algorithm: text("alg")}
	if key.ID == "" || utf8.RuneCountInString(key.ID) > maxKeyIDLength {
		return TrustKey{}, false
	}
	// A key of another type or curve than its algorithm names is ignored.
	switch [3]string{key.Algorithm, text("kty"), text("crv")} {
	case [3]string{AlgorithmEdDSA, "OKP", "Ed25519"}:
		x, ok := decodeBase64URL(text("x"))
		key.public = ed25519.PublicKey(x)
		return key, ok && len(x) == ed25519.PublicKeySize
	case [3]string{AlgorithmES256, "EC", "P-256"}:
		x, hasX := decodeBase64URL(text("x"))
		y, hasY := decodeBase64URL(text("y"))
		if !hasX || !hasY || len(x) != 32 || len(y) != 32 {
			return TrustKey{}, false
		}
		// Refuses a point that is not on the curve.
		public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, x...), y...))
		key.public = public
		return key, err == nil
	default:
		return TrustKey{}, false
	}
}
