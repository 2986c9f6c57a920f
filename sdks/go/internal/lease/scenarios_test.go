package lease

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// Plays spec/scenarios_lease/*.yaml, in the format of the README beside them.

type members map[string]any

type scenario struct {
	Name     string    `yaml:"name"`
	Rules    []string  `yaml:"rules"`
	Machine  string    `yaml:"machine"`
	Settings members   `yaml:"settings"`
	Events   []members `yaml:"events"`
}

const scenarioBase = 1_800_000_000_000

// given reads the members of an event; one that is not read is a typing error.
type given struct {
	t       *testing.T
	members members
	read    map[string]bool
}

func (g *given) get(name string, otherwise any) any {
	g.read[name] = true
	if value, found := g.members[name]; found {
		return value
	}
	if otherwise == nil {
		g.t.Fatalf("an event needs %s", name)
	}
	return otherwise
}

func (g *given) number(name string, otherwise any) float64 {
	switch value := g.get(name, otherwise).(type) {
	case int:
		return float64(value)
	case float64:
		return value
	default:
		g.t.Fatalf("%s is no number: %v", name, value)
		return math.NaN()
	}
}

func (g *given) whole(name string, otherwise any) uint64 { return uint64(g.number(name, otherwise)) }

func (g *given) text(name string, otherwise any) string { return g.get(name, otherwise).(string) }

func (g *given) flag(name string) bool { return g.get(name, false).(bool) }

func (g *given) object(name string) *given {
	value, ok := g.get(name, members{}).(members)
	if !ok {
		g.t.Fatalf("%s is no object", name)
	}
	return &given{t: g.t, members: value, read: map[string]bool{}}
}

func (g *given) end() {
	for name := range g.members {
		if !g.read[name] {
			g.t.Fatalf("no event of this kind has %s", name)
		}
	}
}

type player struct {
	machine *Machine[string]
	boundMs float64
	asks    map[string]Ask
	last    uint64
}

func newPlayer(t *testing.T, changed members) *player {
	chosen, g := Default(), &given{t: t, members: changed, read: map[string]bool{}}
	chosen.BoundMs = g.number("bound_ms", chosen.BoundMs)
	chosen.SourceBoundMs = g.number("source_bound_ms", chosen.SourceBoundMs)
	chosen.WindowMs = g.number("window_ms", chosen.WindowMs)
	chosen.ClockMarginMs = g.number("clock_margin_ms", chosen.ClockMarginMs)
	chosen.MaxAgeMs = g.number("max_age_ms", chosen.MaxAgeMs)
	chosen.MaxEntries = int(g.number("max_entries", chosen.MaxEntries))
	chosen.MaxTombstones = int(g.number("max_tombstones", chosen.MaxTombstones))
	g.end()
	return &player{machine: New[string](chosen, "default"), boundMs: chosen.BoundMs, asks: map[string]Ask{}}
}

func (p *player) stream(g *given) uint64 { return g.whole("stream", int(p.last)) }

func (p *player) ready(g *given, now Reading) bool {
	return p.machine.Ready(p.stream(g), g.number("bound_ms", p.boundMs), g.number("window_ms", 360_000), now)
}

func (p *player) renew(g *given, now Reading) {
	time := g.number("database_time", now.Wall-scenarioBase)
	p.machine.Pong(p.stream(g), p.machine.Ping(p.stream(g), now), scenarioBase+time)
}

func (p *player) play(do string, g *given, now Reading) any {
	switch do {
	case "open":
		p.last = p.machine.Open()
		return p.last
	case "close":
		p.machine.Close(p.stream(g))
	case "ping":
		if number := p.machine.Ping(p.stream(g), now); number > 0 {
			return number
		}
		return "none"
	case "ready":
		return p.ready(g, now)
	case "pong":
		time := 0.0
		if g.members["database_time"] != "none" {
			time = scenarioBase + g.number("database_time", now.Wall-scenarioBase)
		}
		g.read["database_time"] = true
		p.machine.Pong(p.stream(g), g.whole("number", nil), time)
	case "connect":
		p.last = p.machine.Open()
		p.ready(g, now)
		p.renew(g, now)
		return p.last
	case "renew":
		p.renew(g, now)
	case "change":
		return told(p.machine.Change(p.stream(g), changeOf(g.object("change")), now))
	case "own_change":
		return told(p.machine.OwnChange(changeOf(g.object("change")), now))
	case "leased":
		return p.machine.Leased(now)
	case "verify":
		if value, found := p.machine.Verify(g.text("key", nil), now); found {
			return *value
		}
		return "ask"
	case "ask":
		p.asks[g.text("as", nil)] = p.machine.Ask(now, g.flag("strong"))
	case "answered", "fill":
		return p.answered(do, g, now)
	case "token":
		given := g.object("token")
		defer given.end()
		return p.machine.Token(TokenFacts{
			Kid: given.text("kid", "k1"), Sid: given.text("sid", "ses_a"), Ver: given.whole("ver", 1),
			Sub: given.text("sub", "idn_1"), Epoch: given.whole("epoch", 1),
			Org: given.text("org", ""), OrgVer: given.whole("org_ver", 1),
		}, now)
	case "take_uses":
		list := []any{}
		for _, use := range p.machine.TakeUses(now, int(g.number("limit", 1_024))) {
			list = append(list, members{"handle": use.Handle, "age_ms": use.AgeMs})
		}
		return list
	case "size":
		entries, tombstones, _ := p.machine.Size()
		return members{"entries": entries, "tombstones": tombstones}
	default:
		g.t.Fatalf("nothing is called %s", do)
	}
	return nil
}

func (p *player) answered(do string, g *given, now Reading) any {
	var ask Ask
	if do == "fill" {
		ask = p.machine.Ask(now, false)
	} else {
		found := false
		if ask, found = p.asks[g.text("ask", nil)]; !found {
			g.t.Fatal("nothing was asked by that name")
		}
		if g.flag("rejected") {
			return p.machine.Answered(ask, g.text("key", nil), nil, now)
		}
	}
	session := g.object("session")
	defer session.end()
	name, version := session.text("name", nil), session.whole("version", 1)
	value, _ := json.Marshal(version)
	return p.machine.Answered(ask, g.text("key", name), &SessionFacts[string]{
		Handle: "ses_" + name, Version: version, IdentityID: session.text("identity", "idn_1"),
		Epoch: session.whole("epoch", 1), IdentityVersion: session.whole("identity_version", 1),
		ExpiresAt:     scenarioBase + session.number("expires_at", 86_400_000),
		LastUsedAt:    scenarioBase + session.number("last_used_at", 0),
		IdleTimeoutMs: session.number("idle_timeout_ms", 3_600_000), Value: name + "@" + string(value),
		OrganisationID: session.text("organisation", ""), OrganisationVersion: session.whole("organisation_version", 1),
	}, now)
}

func changeOf(g *given) Change {
	defer g.end()
	change := Change{TenantID: g.text("tenant_id", "")}
	for kind, read := range map[string]func(*given){
		"session": func(g *given) {
			change.Kind, change.Name = KindSession, g.text("handle", nil)
			change.Version, change.Ended = g.whole("version", nil), g.flag("revoked")
		},
		"identity": func(g *given) {
			change.Kind, change.Name = KindIdentity, g.text("identity_id", nil)
			change.Epoch, change.Version = g.whole("epoch", nil), g.whole("version", nil)
		},
		"organisation": func(g *given) {
			change.Kind, change.Name = KindOrganisation, g.text("organisation_id", nil)
			change.Member, change.Version = g.text("identity_id", nil), g.whole("version", nil)
		},
		"signing_key": func(g *given) {
			change.Kind, change.Name, change.Ended = KindSigningKey, g.text("kid", nil), g.flag("retired")
		},
		"service": func(g *given) { change.Kind, change.Name = KindService, g.text("service", nil) },
		"tenant":  func(g *given) { change.Kind, change.Version = KindTenant, g.whole("version", nil) },
	} {
		if _, named := g.members[kind]; named {
			subject := g.object(kind)
			read(subject)
			subject.end()
		}
	}
	return change
}

func told(notice Notice, any bool) any {
	if !any {
		return "nothing"
	}
	switch notice.Kind {
	case KindSession:
		if notice.Ended {
			return members{"kind": "session_ended", "handle": notice.Name}
		}
		return members{"kind": "session_changed", "handle": notice.Name, "version": notice.Version}
	case KindIdentity:
		return members{"kind": "identity_changed", "identity_id": notice.Name, "below_epoch": notice.Epoch}
	case KindOrganisation:
		return members{"kind": "organisation_changed", "organisation_id": notice.Name, "identity_id": notice.Member}
	case KindSigningKey:
		return members{"kind": "signing_key_retired", "kid": notice.Name}
	case KindService:
		return members{"kind": "service_changed", "service": notice.Name}
	default:
		return members{"kind": "tenant_changed"}
	}
}

func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("../../../../spec/scenarios_lease/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	played := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var content struct{ Cases []scenario }
		if err := yaml.Unmarshal(text, &content); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, one := range content.Cases {
			if one.Machine != "" && one.Machine != "sdk" {
				continue
			}
			played++
			t.Run(filepath.Base(file)+"/"+strings.Join(one.Rules, " ")+" "+one.Name, func(t *testing.T) { playCase(t, one) })
		}
	}
	if played < 40 {
		t.Errorf("only %d cases", played)
	}
}

func playCase(t *testing.T, one scenario) {
	p, at := newPlayer(t, one.Settings), 0.0
	for i, event := range one.Events {
		g := &given{t: t, members: event, read: map[string]bool{}}
		at = g.number("at", at)
		now := Reading{Mono: at, Wall: scenarioBase + g.number("wall", at)}
		expect := g.get("expect", "not said")
		decision := p.play(g.text("do", nil), g, now)
		g.end()
		if expect != "not said" && !reflect.DeepEqual(plain(t, decision), plain(t, expect)) {
			t.Fatalf("event %d, %v: got %v", i+1, event, plain(t, decision))
		}
	}
}

// plain makes numbers of all types one.
func plain(t *testing.T, value any) (result any) {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	_ = json.Unmarshal(text, &result)
	return result
}
