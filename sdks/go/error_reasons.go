package trustlayer

// Reasons of an [Error] that this package gives itself (ERR-7); the others are in error_reasons_gen.go.
const (
	// ReasonUnreachable: UNAVAILABLE. No Trust Layer answered.
	ReasonUnreachable = "UNREACHABLE"
	// ReasonCancelled: CANCELLED. The caller gave up, or the client is closed.
	ReasonCancelled = "CANCELLED"
	// ReasonUnknown: The answer did not come from a Trust Layer.
	ReasonUnknown = "UNKNOWN"
	// ReasonKeysUnavailable: The keys that verify Trust Tokens could not be read, so nothing was decided.
	ReasonKeysUnavailable = "KEYS_UNAVAILABLE"
	// ReasonLeaseLost: A verifier that watches holds no lease, so nothing was decided.
	ReasonLeaseLost = "LEASE_LOST"
)

// Codes of an [Error] of [Verifier.Verify]: the first check of chapter 3 of the standard that failed.
const (
	// TokenSize: not 1 to 8,192 bytes (TOK-10).
	TokenSize = "TOKEN_SIZE"
	// TokenMalformed: not three parts of canonical base64url and strict JSON (TOK-11, TOK-18).
	TokenMalformed = "TOKEN_MALFORMED"
	// TokenHeader: other header members than typ, alg and kid (TOK-12).
	TokenHeader = "TOKEN_HEADER"
	// TokenType: typ is not trust+jwt (TOK-13).
	TokenType = "TOKEN_TYPE"
	// TokenAlgorithm: an algorithm that is not allowed or not that of the key (TOK-14, TOK-16).
	TokenAlgorithm = "TOKEN_ALGORITHM"
	// TokenKeyUnknown: no such key (TOK-15).
	TokenKeyUnknown = "TOKEN_KEY_UNKNOWN"
	// TokenSignature: the signature is not valid (TOK-17).
	TokenSignature = "TOKEN_SIGNATURE"
	// TokenClaims: a claim is absent or of a wrong type (TOK-19).
	TokenClaims = "TOKEN_CLAIMS"
	// TokenIssuer: another issuer (TOK-20).
	TokenIssuer = "TOKEN_ISSUER"
	// TokenAudience: meant for another service (TOK-21).
	TokenAudience = "TOKEN_AUDIENCE"
	// TokenTenant: another tenant (TOK-22).
	TokenTenant = "TOKEN_TENANT"
	// TokenLifetime: a lifetime that is not 1 to 300 s (TOK-23).
	TokenLifetime = "TOKEN_LIFETIME"
	// TokenNotYetValid: issued in the future (TOK-24).
	TokenNotYetValid = "TOKEN_NOT_YET_VALID"
	// TokenExpired: expired (TOK-25).
	TokenExpired = "TOKEN_EXPIRED"
	// TokenRevoked: its session, all sessions of its identity, or its key have ended since (TOK-28).
	TokenRevoked = "TOKEN_REVOKED"
	// LeaseLost: what was revoked cannot be told for now, so nothing was decided (TOK-29).
	LeaseLost = "LEASE_LOST"
	// KeysUnavailable: the keys could not be read, so nothing was decided (TOK-15, TOK-27).
	KeysUnavailable = "KEYS_UNAVAILABLE"
)
