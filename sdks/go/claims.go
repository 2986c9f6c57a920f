package trustlayer

import (
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	maxActDepth    = 8
	maxWholeNumber = 1<<53 - 1
)

// Actor is a service that acted, and who called it before (RFC 8693, `act`). At most 8 deep.
type Actor struct {
	// Subject is the name of the service.
	Subject string `json:"sub"`
	// Actor is who called it before; nil for the first.
	Actor *Actor `json:"act,omitempty"`
}

// Claims are the claims of a verified Trust Token (TOK-2). Claims of other names are left out: they mean nothing.
type Claims struct {
	// Issuer is the Trust Layer that issued it.
	Issuer string `json:"iss"`
	// Audience is the one service that may accept it.
	Audience string `json:"aud"`
	// Subject is the identity, `idn_…`.
	Subject string `json:"sub"`
	// IssuedAt is when it was issued. Seconds since 1970, UTC.
	IssuedAt int64 `json:"iat"`
	// ExpiresAt is when it ends, at most 300 after IssuedAt. Seconds since 1970, UTC.
	ExpiresAt int64 `json:"exp"`
	// TokenID is the id of the token.
	TokenID string `json:"jti"`
	// SessionHandle is the public handle of the session, `ses_…`.
	SessionHandle string `json:"sid"`
	// TenantID is the tenant.
	TenantID string `json:"tid"`
	// AuthenticatedAt is when the person last proved who they are. Seconds since 1970, UTC.
	AuthenticatedAt int64 `json:"auth_time"`
	// ACR is the authentication context class: `aal1` or `aal2`.
	ACR string `json:"acr"`
	// AMR lists the authentication methods (RFC 8176).
	AMR []string `json:"amr"`
	// TransactionID is the same along the chain of calls.
	TransactionID string `json:"txn"`
	// Version of the session, 1 or more.
	Version int64 `json:"ver"`
	// Epoch of the identity, 1 or more.
	Epoch int64 `json:"epoch"`
	// RequestingService is the service that the token was issued to.
	RequestingService string `json:"req_wl"`
	// Scope holds values parted by single spaces; empty if there are none. See [Claims.HasScope].
	Scope string `json:"scope,omitempty"`
	// Roles of the identity; nil if not said.
	Roles []string `json:"roles,omitzero"`
	// Organisation is the active one, `org_…`; empty if there is none.
	Organisation string `json:"org,omitzero"`
	// OrganisationVersion is 1 or more where Organisation is set.
	OrganisationVersion int64 `json:"org_ver,omitzero"`
	// OrganisationRoles are the roles in the organisation; nil if not said.
	OrganisationRoles []string `json:"org_roles,omitzero"`
	// Permissions are what the person may do in the organisation, as far as the token goes; nil if not said. See [Claims.HasPermission].
	Permissions []string `json:"permissions,omitzero"`
	// Actor is the chain of calling services, latest first; nil if there is none.
	Actor *Actor `json:"act,omitempty"`
	// TransactionContext holds facts that stay the same along the chain; nil if not said.
	TransactionContext map[string]string `json:"tctx,omitzero"`
	// RequestContext holds facts of the request that began the chain; nil if not said.
	RequestContext map[string]string `json:"rctx,omitzero"`
}

// HasScope says whether value is among the scope values. False on nil.
func (c *Claims) HasScope(value string) bool {
	return c != nil && value != "" && slices.Contains(strings.Split(c.Scope, " "), value)
}

// HasRole says whether role is among the roles. False on nil.
func (c *Claims) HasRole(role string) bool {
	return c != nil && slices.Contains(c.Roles, role)
}

// HasPermission says whether the token permits something in its organisation. False on nil.
func (c *Claims) HasPermission(permission string) bool {
	return c != nil && slices.Contains(c.Permissions, permission)
}

// claimReader reads members and remembers whether one was absent or of a wrong type.
type claimReader struct {
	members jsonObject
	failed  bool
}

// readClaims reads the claims out of a payload (TOK-19).
func readClaims(payload jsonObject) (*Claims, bool) {
	r := &claimReader{members: payload}
	claims := &Claims{
		Issuer:             r.text("iss"),
		Audience:           r.text("aud"),
		Subject:            r.text("sub"),
		IssuedAt:           r.whole("iat", 0),
		ExpiresAt:          r.whole("exp", 0),
		TokenID:            r.text("jti"),
		SessionHandle:      r.text("sid"),
		TenantID:           r.text("tid"),
		AuthenticatedAt:    r.whole("auth_time", 0),
		ACR:                r.text("acr"),
		AMR:                required(r, "amr", stringsOf),
		TransactionID:      r.text("txn"),
		Version:            r.whole("ver", 1),
		Epoch:              r.whole("epoch", 1),
		RequestingService:  r.text("req_wl"),
		Scope:              optional(r, "scope", stringOf),
		Roles:              optional(r, "roles", stringsOf),
		Actor:              optional(r, "act", actorOf),
		TransactionContext: optional(r, "tctx", factsOf),
		RequestContext:     optional(r, "rctx", factsOf),
	}
	claims.OrganisationVersion = optionalWhole(r, "org_ver")
	claims.OrganisationRoles = optional(r, "org_roles", stringsOf)
	claims.Permissions = optional(r, "permissions", stringsOf)
	if r.has("org") {
		claims.Organisation = r.text("org")
	}
	// What holds in an organisation can be taken back only where it is said which one, and as of when.
	if part := r.has("org") || r.has("org_ver") || r.has("org_roles") || r.has("permissions"); part && !(r.has("org") && r.has("org_ver")) {
		r.failed = true
	}
	return claims, !r.failed
}

func (r *claimReader) has(name string) bool {
	_, present := r.members[name]
	return present
}

func optionalWhole(r *claimReader, name string) int64 {
	if !r.has(name) {
		return 0
	}
	return r.whole(name, 1)
}

func optional[T any](r *claimReader, name string, read func(jsontext.Value) (T, bool)) T {
	var none T
	value, present := r.members[name]
	if !present {
		return none
	}
	found, ok := read(value)
	if !ok {
		r.failed = true
		return none
	}
	return found
}

func required[T any](r *claimReader, name string, read func(jsontext.Value) (T, bool)) T {
	if _, present := r.members[name]; !present {
		r.failed = true
	}
	return optional(r, name, read)
}

func (r *claimReader) text(name string) string {
	return required(r, name, func(value jsontext.Value) (string, bool) {
		text, ok := stringOf(value)
		return text, ok && text != ""
	})
}

// whole reads a number without sign, fraction and exponent, from least to 2^53-1.
func (r *claimReader) whole(name string, least uint64) int64 {
	return required(r, name, func(value jsontext.Value) (int64, bool) {
		if value.Kind() != '0' {
			return 0, false
		}
		number, err := strconv.ParseUint(string(value), 10, 64)
		return int64(number), err == nil && number >= least && number <= maxWholeNumber
	})
}

func stringsOf(value jsontext.Value) ([]string, bool) {
	items, ok := itemsOf(value)
	if !ok {
		return nil, false
	}
	texts := make([]string, 0, len(items))
	for _, item := range items {
		text, ok := stringOf(item)
		if !ok {
			return nil, false
		}
		texts = append(texts, text)
	}
	return texts, true
}

func factsOf(value jsontext.Value) (map[string]string, bool) {
	members, ok := membersOf(value)
	if !ok {
		return nil, false
	}
	facts := make(map[string]string, len(members))
	for name, member := range members {
		if facts[name], ok = stringOf(member); !ok {
			return nil, false
		}
	}
	return facts, true
}

func actorOf(value jsontext.Value) (*Actor, bool) {
	return actorAt(value, 1)
}

func actorAt(value jsontext.Value, depth int) (*Actor, bool) {
	members, ok := membersOf(value)
	if !ok || depth > maxActDepth {
		return nil, false
	}
	actor := &Actor{}
	for name, member := range members {
		text, isText := stringOf(member)
		switch name {
		case "sub":
			actor.Subject = text
		case "act":
			actor.Actor, isText = actorAt(member, depth+1)
		}
		if !isText {
			return nil, false
		}
	}
	return actor, actor.Subject != ""
}
