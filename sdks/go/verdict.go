package trustlayer

import (
	"slices"
	"time"

	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
	"google.golang.org/protobuf/proto"
)

// RejectionReason says why a session is not active. Each value means no, the empty one too.
type RejectionReason string

// The reasons of a rejection (SES-2).
const (
	// RejectionUnspecified: an empty or unknown answer.
	RejectionUnspecified RejectionReason = "UNSPECIFIED"
	// RejectionMalformed: not a session_id at all.
	RejectionMalformed RejectionReason = "MALFORMED"
	// RejectionUnknown: no session of the tenant has this session_id.
	RejectionUnknown RejectionReason = "UNKNOWN"
	// RejectionExpired: the idle or the absolute time-out has passed.
	RejectionExpired RejectionReason = "EXPIRED"
	// RejectionRevoked: the session was ended, or all sessions of its identity were.
	RejectionRevoked RejectionReason = "REVOKED"
	// RejectionTenantSuspended: the tenant is suspended; the session goes on if that is taken back in time.
	RejectionTenantSuspended RejectionReason = "TENANT_SUSPENDED"
	// RejectionClientMismatch: the session is bound to its network or device, and the client is not there or was not named.
	RejectionClientMismatch RejectionReason = "CLIENT_MISMATCH"
)

// Verdict is the answer about one session_id: an answer, never an error. It is small and may be copied. The zero value is a
// rejection.
type Verdict struct {
	// Active is true only if the answer said so with a session and its identity in it (SDK-2).
	Active bool
	// Reason says why the session is not active; empty if it is.
	Reason RejectionReason
	// CacheFor is how long a caller without a lease may reuse an active verdict; 0 means not at all, as for one from memory.
	CacheFor time.Duration
	// Degraded is true if the server could not be asked and the caller takes such answers: see [Degraded].
	Degraded bool
	// ClientBound is true if the session is bound: the answer holds for the client that was asked about alone ([From]).
	ClientBound bool

	session  *trustv1.Session
	identity *trustv1.IdentityFacts
	// organisation is nil where none is active.
	organisation *trustv1.OrganisationFacts
	// kept is set instead where the answer came from memory.
	kept *packed
}

// ActiveVerdict makes an active verdict, for the tests of those who call [TrustClient.Verify]. It is a rejection where
// one of both is missing or the session is not of the identity (SDK-2).
func ActiveVerdict(session *trustv1.Session, identity *trustv1.IdentityFacts) Verdict {
	if session.GetHandle() == "" || identity.GetId() == "" || identity.GetId() != session.GetIdentityId() {
		return Verdict{Reason: RejectionUnspecified}
	}
	return Verdict{Active: true, session: session, identity: identity}
}

// Session gives the public facts of an active session; nil if it is not active. From memory it is a message of its own at
// each call: keep it. What is needed most comes cheaper by [Verdict.SessionHandle].
func (v Verdict) Session() *trustv1.Session {
	switch {
	case !v.Active:
		return nil
	case v.kept != nil:
		return v.kept.session()
	default:
		return v.session
	}
}

// Identity gives the facts of the identity behind an active session; nil if it is not active. As with
// [Verdict.Session]: keep it. What is needed most comes cheaper by [Verdict.IdentityID] and [Verdict.HasRole].
func (v Verdict) Identity() *trustv1.IdentityFacts {
	switch {
	case !v.Active:
		return nil
	case v.kept != nil:
		return v.kept.identity()
	default:
		return v.identity
	}
}

// Organisation gives the active organisation and what the person may do in it; nil where none is active. As with
// [Verdict.Session]: keep it. What is needed most comes cheaper by [Verdict.OrganisationID] and [Verdict.HasPermission].
func (v Verdict) Organisation() *trustv1.OrganisationFacts {
	if v.Active && v.kept != nil {
		return proto.CloneOf(v.kept.organisation)
	}
	return v.shownOrganisation()
}

// WithOrganisation gives an active verdict with an active organisation, for tests as [ActiveVerdict] is.
func (v Verdict) WithOrganisation(organisation *trustv1.OrganisationFacts) Verdict {
	if v.Active && v.kept == nil && organisation.GetId() != "" {
		v.organisation = organisation
	}
	return v
}

func (v Verdict) shownOrganisation() *trustv1.OrganisationFacts {
	switch {
	case !v.Active:
		return nil
	case v.kept != nil:
		return v.kept.organisation
	default:
		return v.organisation
	}
}

// OrganisationID is the id of the active organisation, `org_…`; empty where none is active.
func (v Verdict) OrganisationID() string { return v.shownOrganisation().GetId() }

// HasPermission says whether the person may do something in the active organisation. False where none is active.
func (v Verdict) HasPermission(permission string) bool {
	return slices.Contains(v.shownOrganisation().GetPermissions(), permission)
}

// SessionHandle is the public handle of an active session, `ses_…`; empty if it is not active.
func (v Verdict) SessionHandle() string {
	if v.Active && v.kept != nil {
		return v.kept.handle()
	}
	return v.Session().GetHandle()
}

// IdentityID is the id of the identity behind an active session, `idn_…`; empty if it is not active.
func (v Verdict) IdentityID() string {
	if v.Active && v.kept != nil {
		return v.kept.identityID()
	}
	return v.Identity().GetId()
}

// HasRole says whether the identity behind an active session has a role. False if it is not active.
func (v Verdict) HasRole(role string) bool {
	if v.Active && v.kept != nil {
		return v.kept.hasRole(role)
	}
	return slices.Contains(v.Identity().GetRoles(), role)
}

// own gives a verdict whose messages nobody else has.
func (v Verdict) own() Verdict {
	v.session, v.identity = proto.CloneOf(v.session), proto.CloneOf(v.identity)
	v.organisation = proto.CloneOf(v.organisation)
	return v
}

var rejectionReasons = map[trustv1.RejectionReason]RejectionReason{
	trustv1.RejectionReason_REJECTION_REASON_MALFORMED:        RejectionMalformed,
	trustv1.RejectionReason_REJECTION_REASON_UNKNOWN:          RejectionUnknown,
	trustv1.RejectionReason_REJECTION_REASON_EXPIRED:          RejectionExpired,
	trustv1.RejectionReason_REJECTION_REASON_REVOKED:          RejectionRevoked,
	trustv1.RejectionReason_REJECTION_REASON_TENANT_SUSPENDED: RejectionTenantSuspended,
	trustv1.RejectionReason_REJECTION_REASON_CLIENT_MISMATCH:  RejectionClientMismatch,
}

// verdictOf reads the wire form. Active only if it says so with a session and its identity in it; everything else is
// rejected (SDK-2, TERM-4).
func verdictOf(wire *trustv1.Verdict) Verdict {
	switch answer := wire.GetAnswer().(type) {
	case *trustv1.Verdict_Active:
		verdict := ActiveVerdict(answer.Active.GetSession(), answer.Active.GetIdentity()).WithOrganisation(answer.Active.GetOrganisation())
		verdict.CacheFor = time.Duration(answer.Active.GetCacheForMs()) * time.Millisecond
		verdict.ClientBound = answer.Active.GetClientBound()
		if verdict.Active {
			return verdict
		}
	case *trustv1.Verdict_Rejected:
		if reason, known := rejectionReasons[answer.Rejected.GetReason()]; known {
			return Verdict{Reason: reason}
		}
	}
	return Verdict{Reason: RejectionUnspecified}
}
