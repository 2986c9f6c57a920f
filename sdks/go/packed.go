package trustlayer

import (
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"unique"

	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
	"github.com/trust-layer/trust-layer/sdks/go/internal/lease"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// packed is an active verdict in a third of the memory that its messages take. Whoever asks for messages gets
// them anew, so that nobody can change what others are told.
type packed struct {
	// text holds the strings that differ from session to session, one after the other; cuts are their ends.
	text string
	cuts [6]uint16
	// deviceKnown tells an empty device from none.
	deviceKnown                   bool
	clientBound                   bool
	idleTimeout                   uint32
	version, epoch                uint64
	identityVersion, currentEpoch uint64
	authenticatedAt, createdAt    int64
	lastUsedAt, expiresAt         int64
	userAgent                     unique.Handle[string]
	common                        *common
	metadata                      map[string]string
	organisation                  *trustv1.OrganisationFacts
	whole                         *trustv1.ActiveVerdict
}

// common is what many sessions share.
type common struct {
	tenantID, acr string
	amr, roles    []string
}

const noInstant = math.MinInt64

// packer packs verdicts. Safe for concurrent use.
type packer struct {
	mu      sync.Mutex
	commons map[string]*common
	// organisations are shared by sessions of the same roles in the same version.
	organisations map[string]*trustv1.OrganisationFacts
}

// maxCommons bounds the memory for what sessions share; beyond it each has its own.
const maxCommons = 4_096

// packable says whether this SDK knows every field of the messages: what it does not know is kept whole.
var packable = fieldCount(&trustv1.Session{}) == 14 && fieldCount(&trustv1.IdentityFacts{}) == 6 &&
	fieldCount(&trustv1.Device{}) == 3

func fieldCount(message proto.Message) int { return message.ProtoReflect().Descriptor().Fields().Len() }

// pack packs an active verdict, and gives the key that is to stand for it: a part of its text.
func (p *packer) pack(sessionID string, verdict Verdict) (key string, result packed) {
	session, identity := verdict.session, verdict.identity
	device := session.GetDevice()
	result.clientBound = verdict.ClientBound
	parts := [...]string{
		session.GetHandle(), identity.GetId(), identity.GetDisplayName(), device.GetIpAddress(), device.GetLabel(), sessionID,
	}
	size := 0
	for i, part := range parts {
		size += len(part)
		result.cuts[i] = uint16(min(size, math.MaxUint16))
	}
	instants := [...]*int64{&result.authenticatedAt, &result.createdAt, &result.lastUsedAt, &result.expiresAt}
	exact := true
	for i, instant := range []*timestamppb.Timestamp{session.GetAuthenticatedAt(), session.GetCreatedAt(), session.GetLastUsedAt(), session.GetExpiresAt()} {
		*instants[i] = noInstant
		if instant != nil {
			*instants[i] = instant.GetSeconds()*1_000 + int64(instant.GetNanos()/1_000_000)
			exact = exact && instant.GetNanos()%1_000_000 == 0 && instant.CheckValid() == nil
		}
	}
	result.organisation = p.organisationOf(verdict.organisation)
	// Sessions in which somebody acts for the person are few.
	if !packable || !exact || session.GetActing() != nil || size > math.MaxUint16 || hasUnknown(session) || hasUnknown(device) || hasUnknown(identity) {
		result.whole = proto.CloneOf(&trustv1.ActiveVerdict{Session: session, Identity: identity})
		return strings.Clone(sessionID), result
	}
	result.text = strings.Join(parts[:], "")
	result.deviceKnown = device != nil
	result.userAgent = unique.Make(device.GetUserAgent())
	result.idleTimeout = session.GetIdleTimeoutSeconds()
	result.version, result.epoch = session.GetVersion(), session.GetEpoch()
	result.identityVersion, result.currentEpoch = identity.GetVersion(), identity.GetEpoch()
	result.common = p.commonOf(session, identity)
	result.metadata = maps.Clone(identity.GetMetadata())
	return result.part(5), result
}

func hasUnknown[M interface {
	comparable
	proto.Message
}](message M) bool {
	var none M
	return message != none && len(message.ProtoReflect().GetUnknown()) > 0
}

func (p *packer) commonOf(session *trustv1.Session, identity *trustv1.IdentityFacts) *common {
	var name strings.Builder
	for _, text := range slices.Concat([]string{session.GetTenantId(), session.GetAcr()}, session.GetAmr(), []string{""}, identity.GetRoles()) {
		name.WriteString(text)
		name.WriteByte(0)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if known, found := p.commons[name.String()]; found {
		return known
	}
	made := &common{
		tenantID: session.GetTenantId(), acr: session.GetAcr(),
		amr: slices.Clone(session.GetAmr()), roles: slices.Clone(identity.GetRoles()),
	}
	if p.commons == nil {
		p.commons = map[string]*common{}
	}
	if len(p.commons) < maxCommons {
		p.commons[name.String()] = made
	}
	return made
}

// organisationOf gives a message that is shared and never changed.
func (p *packer) organisationOf(organisation *trustv1.OrganisationFacts) *trustv1.OrganisationFacts {
	if organisation == nil {
		return nil
	}
	name, err := proto.MarshalOptions{Deterministic: true}.Marshal(organisation)
	p.mu.Lock()
	defer p.mu.Unlock()
	if known, found := p.organisations[string(name)]; found && err == nil {
		return known
	}
	made := proto.CloneOf(organisation)
	if p.organisations == nil {
		p.organisations = map[string]*trustv1.OrganisationFacts{}
	}
	if len(p.organisations) >= maxCommons {
		clear(p.organisations)
	}
	p.organisations[string(name)] = made
	return made
}

func (p *packed) part(i int) string {
	from := uint16(0)
	if i > 0 {
		from = p.cuts[i-1]
	}
	return p.text[from:p.cuts[i]]
}

// verdict is an answer from memory, which is as old as it may be. It makes its messages when they are asked for.
func (p *packed) verdict() Verdict {
	return Verdict{Active: true, ClientBound: p.clientBound, kept: p}
}

// session makes the message anew, with what hangs on it in one allocation.
func (p *packed) session() *trustv1.Session {
	if p.whole != nil {
		return proto.CloneOf(p.whole.GetSession())
	}
	made := &struct {
		trustv1.Session
		instants [4]timestamppb.Timestamp
		amr      [2]string
	}{}
	session := &made.Session
	session.Handle, session.TenantId, session.IdentityId = p.part(0), p.common.tenantID, p.part(1)
	session.Version, session.Epoch = p.version, p.epoch
	session.Acr, session.Amr = p.common.acr, copied(made.amr[:0], p.common.amr)
	session.AuthenticatedAt = instantOf(&made.instants[0], p.authenticatedAt)
	session.CreatedAt = instantOf(&made.instants[1], p.createdAt)
	session.LastUsedAt = instantOf(&made.instants[2], p.lastUsedAt)
	session.ExpiresAt = instantOf(&made.instants[3], p.expiresAt)
	session.IdleTimeoutSeconds = p.idleTimeout
	if p.deviceKnown {
		session.Device = &trustv1.Device{UserAgent: p.userAgent.Value(), IpAddress: p.part(3), Label: p.part(4)}
	}
	return session
}

// identity is as session.
func (p *packed) identity() *trustv1.IdentityFacts {
	if p.whole != nil {
		return proto.CloneOf(p.whole.GetIdentity())
	}
	made := &struct {
		trustv1.IdentityFacts
		roles [2]string
	}{}
	identity := &made.IdentityFacts
	identity.Id, identity.DisplayName = p.part(1), p.part(2)
	identity.Roles = copied(made.roles[:0], p.common.roles)
	identity.Epoch, identity.Version, identity.Metadata = p.currentEpoch, p.identityVersion, maps.Clone(p.metadata)
	return identity
}

func (p *packed) handle() string {
	if p.whole != nil {
		return p.whole.GetSession().GetHandle()
	}
	return p.part(0)
}

func (p *packed) identityID() string {
	if p.whole != nil {
		return p.whole.GetIdentity().GetId()
	}
	return p.part(1)
}

func (p *packed) hasRole(role string) bool {
	if p.whole != nil {
		return slices.Contains(p.whole.GetIdentity().GetRoles(), role)
	}
	return slices.Contains(p.common.roles, role)
}

// copied copies a list into room where it fits. An append to it must not reach what lies behind.
func copied(room, list []string) []string {
	if len(list) == 0 {
		return nil
	}
	if len(list) > cap(room) {
		return slices.Clone(list)
	}
	return slices.Clip(append(room, list...)[:len(list):len(list)])
}

func instantOf(room *timestamppb.Timestamp, ms int64) *timestamppb.Timestamp {
	if ms == noInstant {
		return nil
	}
	seconds := ms / 1_000
	if ms%1_000 < 0 {
		seconds--
	}
	room.Seconds, room.Nanos = seconds, int32(ms-seconds*1_000)*1_000_000
	return room
}

// facts gives what the lease needs of an active verdict.
func (p *packer) facts(sessionID string, verdict Verdict) (key string, facts *lease.SessionFacts[packed]) {
	session, identity := verdict.session, verdict.identity
	key, value := p.pack(sessionID, verdict)
	facts = &lease.SessionFacts[packed]{
		Handle: session.GetHandle(), Version: session.GetVersion(), IdentityID: identity.GetId(),
		Epoch: session.GetEpoch(), IdentityVersion: identity.GetVersion(),
		ExpiresAt: msOf(session.GetExpiresAt()), LastUsedAt: msOf(session.GetLastUsedAt()),
		IdleTimeoutMs: float64(session.GetIdleTimeoutSeconds()) * 1_000, Value: value,
		OrganisationID: value.organisation.GetId(), OrganisationVersion: value.organisation.GetVersion(),
	}
	if value.whole == nil {
		facts.Handle, facts.IdentityID = value.handle(), value.identityID()
	}
	return key, facts
}

// msOf is an instant in milliseconds since 1970; 0 if it is absent.
func msOf(instant *timestamppb.Timestamp) float64 {
	return float64(instant.GetSeconds())*1_000 + float64(instant.GetNanos())/1e6
}
