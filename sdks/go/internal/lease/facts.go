package lease

import "math"

// SessionFacts is what an active verdict says, as far as the lease depends on it. Instants in milliseconds since 1970, by
// the server.
type SessionFacts[T any] struct {
	Handle     string
	Version    uint64
	IdentityID string
	// Epoch in which the session was authenticated.
	Epoch           uint64
	IdentityVersion uint64
	ExpiresAt       float64
	LastUsedAt      float64
	IdleTimeoutMs   float64
	// OrganisationID is the organisation that the answer speaks of; empty where it speaks of none.
	OrganisationID      string
	OrganisationVersion uint64
	// Value is what a local answer gives.
	Value T
}

// TokenFacts is what a Trust Token says, as far as the lease depends on it.
type TokenFacts struct {
	Kid, Sid string
	Ver      uint64
	Sub      string
	Epoch    uint64
	// Org is the organisation that the token speaks of, and OrgVer its version.
	Org    string
	OrgVer uint64
}

// ChangeKind says what a change or a notice is about.
type ChangeKind int

// The kinds. The zero value is none of them.
const (
	KindSession ChangeKind = iota + 1
	KindIdentity
	KindSigningKey
	KindService
	KindTenant
	KindOrganisation
)

// Change is a row of the change feed. A row without tenant concerns every tenant.
type Change struct {
	TenantID string
	Kind     ChangeKind
	// Name is the handle, the id of the identity, the key or the organisation, or the service's name.
	Name string
	// Member is the identity whose membership of an organisation it concerns; empty where it concerns all.
	Member string
	// Version of a session, of an identity's facts, or of an organisation.
	Version uint64
	// Epoch of an identity.
	Epoch uint64
	// Ended says that no version is acceptable any more: a session is revoked, a signing key retired.
	Ended bool
}

// Notice is what the owner of the machine is told. A change may be told more than once.
type Notice Change

// Gone is the epoch of an identity that is deleted: no session has it.
const Gone uint64 = math.MaxUint64
