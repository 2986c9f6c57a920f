package trustlayer

import (
	"fmt"
	"testing"
	"time"

	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// filled sets every field of a message to something of its own.
func filled(message protoreflect.Message, count *int) protoreflect.Message {
	fields := message.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		*count++
		scalar := func() protoreflect.Value {
			*count++
			switch field.Kind() {
			case protoreflect.StringKind:
				return protoreflect.ValueOfString(fmt.Sprint("text", *count))
			case protoreflect.Uint32Kind:
				return protoreflect.ValueOfUint32(uint32(*count))
			case protoreflect.Uint64Kind:
				return protoreflect.ValueOfUint64(uint64(*count))
			case protoreflect.Int64Kind:
				return protoreflect.ValueOfInt64(int64(*count))
			case protoreflect.BoolKind:
				return protoreflect.ValueOfBool(true)
			case protoreflect.EnumKind:
				return protoreflect.ValueOfEnum(1)
			default:
				return protoreflect.ValueOfInt32(int32(*count) * 1_000_000)
			}
		}
		switch {
		case field.IsList() && field.Message() == nil:
			for range 3 {
				message.Mutable(field).List().Append(scalar())
			}
		case field.IsMap():
			message.Mutable(field).Map().Set(protoreflect.ValueOfString("key").MapKey(), protoreflect.ValueOfString("value"))
		case field.Message() != nil && !field.IsList():
			filled(message.Mutable(field).Message(), count)
		case field.Message() == nil:
			message.Set(field, scalar())
		}
	}
	return message
}

func fullVerdict() Verdict {
	count := 0
	session, identity := &trustv1.Session{}, &trustv1.IdentityFacts{}
	filled(session.ProtoReflect(), &count)
	filled(identity.ProtoReflect(), &count)
	session.IdentityId = identity.Id
	return Verdict{Active: true, session: session, identity: identity, CacheFor: 250 * time.Millisecond}
}

func TestPacked(t *testing.T) {
	cases := map[string]func(*Verdict){
		"every field":         func(*Verdict) {},
		"every field, packed": func(v *Verdict) { v.session.Acting = nil },
		"as little as there can be": func(v *Verdict) {
			v.session, v.identity = &trustv1.Session{Handle: "ses_1", IdentityId: "idn_1"}, &trustv1.IdentityFacts{Id: "idn_1"}
			v.CacheFor = 0
		},
		"an empty device":          func(v *Verdict) { v.session.Device = &trustv1.Device{} },
		"short lists":              func(v *Verdict) { v.session.Amr, v.identity.Roles = v.session.Amr[:1], v.identity.Roles[:2] },
		"an instant before 1970":   func(v *Verdict) { v.session.CreatedAt.Seconds, v.session.CreatedAt.Nanos = -2, 5_000_000 },
		"an instant of nanosecond": func(v *Verdict) { v.session.CreatedAt.Nanos = 1 },
		"a long text":              func(v *Verdict) { v.session.Device.Label = string(make([]byte, 70_000)) },
		"fields of a newer server": func(v *Verdict) { v.identity.ProtoReflect().SetUnknown([]byte{0xf8, 0x07, 1}) },
		"a newer device":           func(v *Verdict) { v.session.Device.ProtoReflect().SetUnknown([]byte{0xf8, 0x07, 1}) },
	}
	for name, change := range cases {
		t.Run("SDK-34 "+name, func(t *testing.T) {
			verdict, p := fullVerdict(), &packer{}
			change(&verdict)
			want := verdict.own()
			key, facts := p.facts("ts_key", verdict)
			if key != "ts_key" || facts.Handle != want.session.GetHandle() || facts.IdentityID != want.identity.GetId() {
				t.Fatalf("facts %+v", facts)
			}
			for range 2 {
				got := facts.Value.verdict()
				if got.SessionHandle() != want.session.GetHandle() || got.IdentityID() != want.identity.GetId() || got.HasRole("x") ||
					(len(want.identity.GetRoles()) > 0 && !got.HasRole(want.identity.GetRoles()[0])) {
					t.Fatal("the parts are others")
				}
				got.session, got.identity = got.Session(), got.Identity()
				if !proto.Equal(got.session, want.session) || !proto.Equal(got.identity, want.identity) || got.CacheFor != 0 || !got.Active {
					t.Fatalf("got %v %v\nwant %v %v", got.session, got.identity, want.session, want.identity)
				}
				spoil(got)
				spoil(verdict)
			}
		})
	}
}

// spoil does what a careless caller may do to its answer.
func spoil(v Verdict) {
	v.session.Handle, v.session.Version = "spoilt", 0
	for _, list := range [][]string{v.session.Amr, v.identity.Roles} {
		for i := range list {
			list[i] = "spoilt"
		}
		_ = append(list, "spoilt")
	}
	if v.identity.Metadata != nil {
		v.identity.Metadata["key"] = "spoilt"
	}
	if v.session.ExpiresAt != nil {
		v.session.ExpiresAt.Seconds, v.session.Device.UserAgent = 0, "spoilt"
	}
}

func TestPackedNeedsFewAllocations(t *testing.T) {
	verdict := fullVerdict()
	verdict.session.Amr, verdict.identity.Roles = []string{"pwd"}, []string{"admin"}
	verdict.session.Device, verdict.session.Acting, verdict.identity.Metadata = nil, nil, nil
	_, facts := (&packer{}).facts("ts_key", verdict)
	if packable {
		if count := testing.AllocsPerRun(100, func() { facts.Value.verdict().IdentityID() }); count > 0 {
			t.Errorf("%v allocations", count)
		}
		if count := testing.AllocsPerRun(100, func() { _, _ = facts.Value.session(), facts.Value.identity() }); count > 2 {
			t.Errorf("%v allocations for both messages", count)
		}
	}
}
