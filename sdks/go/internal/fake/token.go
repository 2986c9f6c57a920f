package fake

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"time"
)

// Values of the tokens that Token makes.
const (
	Issuer   = "https://trust.example"
	Audience = "orders"
)

// Key is a signing key of the tests.
type Key struct {
	ID      string
	private ed25519.PrivateKey
}

// NewKey makes the key of an id, always the same.
func NewKey(id string) Key {
	seed := sha256.Sum256([]byte(id))
	return Key{ID: id, private: ed25519.NewKeyFromSeed(seed[:])}
}

// JWK is the public half as a JSON Web Key.
func (k Key) JWK() map[string]any {
	public := k.private.Public().(ed25519.PublicKey)
	x := base64.RawURLEncoding.EncodeToString(public)
	return map[string]any{"kty": "OKP", "crv": "Ed25519", "x": x, "kid": k.ID, "alg": "EdDSA", "use": "sig"}
}

// JWKS is a key set in JSON.
func JWKS(keys ...Key) []byte {
	list := []any{}
	for _, key := range keys {
		list = append(list, key.JWK())
	}
	text, err := json.Marshal(map[string]any{"keys": list})
	if err != nil {
		panic(err)
	}
	return text
}

// Claims are those of a token that is valid at now; change them to spoil it.
func Claims(now time.Time) map[string]any {
	return map[string]any{
		"iss": Issuer, "aud": Audience, "sub": "idn_0b6f1d2e3c4a59687786a5b4c3d2e1f0",
		"iat": now.Unix(), "exp": now.Unix() + 60, "jti": "j1", "sid": "ses_5a1e0cc27bd94f3f8e6d7c8b9a0f1e2d",
		"tid": "default", "auth_time": now.Unix() - 100, "acr": "aal1", "amr": []string{"pwd"}, "txn": "t1",
		"ver": 1, "epoch": 1, "req_wl": "web",
	}
}

// Token signs claims.
func (k Key) Token(claims map[string]any) string {
	header, err := json.Marshal(map[string]any{"typ": "trust+jwt", "alg": "EdDSA", "kid": k.ID})
	if err != nil {
		panic(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	return k.Sign(header, payload)
}

// Sign signs any header and payload.
func (k Key) Sign(header, payload []byte) string {
	signed := base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(payload)
	return signed + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(k.private, []byte(signed)))
}
