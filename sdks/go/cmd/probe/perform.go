package main

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"time"

	trustlayer "github.com/trust-layer/trust-layer/sdks/go"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// probe holds what the last `configure` made.
type probe struct {
	client   *trustlayer.TrustClient
	verifier *trustlayer.Verifier
}

type settings struct {
	Address    addresses       `json:"address"`
	ServiceKey string          `json:"service_key"`
	TenantID   string          `json:"tenant_id"`
	Issuer     string          `json:"issuer"`
	Audience   string          `json:"audience"`
	JwksURL    string          `json:"jwks_url"`
	Jwks       json.RawMessage `json:"jwks"`
	Now        *float64        `json:"now"`
	Leeway     *float64        `json:"leeway_seconds"`
	TimeoutMs  int64           `json:"timeout_ms"`
	Watch      *bool           `json:"watch"`
	Verifier   bool            `json:"verifier_watches"`
}

// addresses is one address or a list of them, in the form of Config.
type addresses string

func (a *addresses) UnmarshalJSON(text []byte) error {
	var list []string
	if err := json.Unmarshal(text, &list); err == nil {
		*a = addresses(strings.Join(list, ","))
		return nil
	}
	return json.Unmarshal(text, (*string)(a))
}

type clientFacts struct {
	IPAddress string `json:"ip_address"`
	UserAgent string `json:"user_agent"`
}

type about struct {
	SessionID   *string  `json:"session_id"`
	SessionIDs  []string `json:"session_ids"`
	Consistency string   `json:"consistency"`
	TrustToken  string   `json:"trust_token"`
	Path        *string  `json:"path"`
	Degraded    *struct {
		MaxStaleMs int64 `json:"max_stale_ms"`
	} `json:"degraded"`
	TimeoutMs *int64        `json:"timeout_ms"`
	Audience  string        `json:"audience"`
	Scope     []string      `json:"scope"`
	Lifetime  int64         `json:"lifetime_seconds"`
	Client    clientFacts   `json:"client"`
	Clients   []clientFacts `json:"clients"`
}

func (p *probe) close() {
	if p.client != nil {
		_ = p.client.Close()
	}
}

func (p *probe) perform(ctx context.Context, do string, with json.RawMessage) (any, error) {
	switch do {
	case "configure":
		return map[string]any{}, p.configure(with)
	case "verify", "batch_verify", "verify_trust_token", "check_session_id", "safe_return_path",
		"metrics", "await_lease", "await_revoked", "trust_token":
		var asked about
		if err := json.Unmarshal(with, &asked); err != nil {
			return nil, err
		}
		return p.ask(ctx, do, asked)
	default:
		return p.callRPC(ctx, do, with)
	}
}

func (p *probe) ask(ctx context.Context, do string, asked about) (any, error) {
	switch do {
	case "check_session_id":
		return map[string]any{"well_formed": asked.SessionID != nil && trustlayer.IsSessionID(*asked.SessionID)}, nil
	case "safe_return_path":
		return map[string]any{"path": trustlayer.SafeReturnPath(text(asked.Path))}, nil
	case "verify_trust_token":
		if p.verifier == nil {
			return nil, probeError("FAILED_PRECONDITION")
		}
		claims, err := p.verifier.Verify(ctx, asked.TrustToken)
		if err != nil {
			return nil, err
		}
		return map[string]any{"claims": claims}, nil
	}
	if p.client == nil {
		return nil, probeError("FAILED_PRECONDITION")
	}
	options, err := optionsOf(asked)
	if err != nil {
		return nil, err
	}
	switch do {
	case "metrics":
		return metricsToWire(p.client.Metrics()), nil
	case "await_lease":
		ctx, cancel := context.WithTimeout(ctx, asked.span())
		defer cancel()
		return map[string]any{"leased": p.client.AwaitLease(ctx)}, nil
	case "await_revoked":
		return p.awaitRevoked(ctx, asked)
	case "trust_token":
		token, err := p.client.TrustToken(ctx, text(asked.SessionID), asked.Audience, trustlayer.TrustTokenOptions{
			Scope: asked.Scope, Lifetime: time.Duration(asked.Lifetime) * time.Second,
			Client: trustlayer.ClientFacts(asked.Client),
		})
		if err != nil {
			return nil, err
		}
		return map[string]any{"token": token}, nil
	case "verify":
		verdict, err := p.client.Verify(ctx, text(asked.SessionID), options...)
		if err != nil {
			return nil, err
		}
		return verdictToWire(verdict), nil
	}
	verdicts, err := p.client.BatchVerify(ctx, asked.SessionIDs, options...)
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, verdict := range verdicts {
		list = append(list, verdictToWire(verdict))
	}
	return map[string]any{"verdicts": list}, nil
}

func text(given *string) string {
	if given == nil {
		return ""
	}
	return *given
}

// span is how long to wait.
func (a about) span() time.Duration {
	if a.TimeoutMs == nil {
		return 5 * time.Second
	}
	return time.Duration(*a.TimeoutMs) * time.Millisecond
}

// awaitRevoked waits for the end of a session that is active now.
func (p *probe) awaitRevoked(ctx context.Context, asked about) (any, error) {
	verdict, err := p.client.Verify(ctx, text(asked.SessionID))
	if err != nil {
		return nil, err
	}
	if !verdict.Active {
		return nil, probeError("FAILED_PRECONDITION")
	}
	told := make(chan trustlayer.RevokedReason, 1)
	stop := p.client.OnRevoked(verdict.Session(), func(reason trustlayer.RevokedReason) { told <- reason })
	defer stop()
	select {
	case reason := <-told:
		return map[string]any{"reason": string(reason)}, nil
	case <-time.After(asked.span()):
		return map[string]any{}, nil
	}
}

func (p *probe) configure(with json.RawMessage) error {
	var given settings
	if err := json.Unmarshal(with, &given); err != nil {
		return err
	}
	p.close()
	p.client, p.verifier = nil, nil
	if given.Address != "" {
		client, err := trustlayer.NewTrustClient(trustlayer.Config{
			Address: string(given.Address), ServiceKey: given.ServiceKey, TenantID: given.TenantID,
			Timeout:      time.Duration(given.TimeoutMs) * time.Millisecond,
			DisableWatch: given.Watch != nil && !*given.Watch,
		})
		if err != nil {
			return err
		}
		p.client = client
	}
	if given.Issuer == "" || given.Audience == "" {
		return nil
	}
	verifier, err := p.verifierOf(given)
	p.verifier = verifier
	return err
}

func (p *probe) verifierOf(given settings) (*trustlayer.Verifier, error) {
	keySource, err := keySourceOf(given)
	if err != nil {
		return nil, err
	}
	var options []trustlayer.VerifierOption
	if given.TenantID != "" {
		options = append(options, trustlayer.WithTenant(given.TenantID))
	}
	if given.Now != nil {
		fixed := time.UnixMilli(int64(*given.Now * 1_000))
		options = append(options, trustlayer.WithClock(func() time.Time { return fixed }))
	}
	if given.Verifier && p.client != nil {
		options = append(options, trustlayer.WithWatch(p.client))
	}
	if given.Leeway != nil {
		options = append(options, trustlayer.WithLeeway(time.Duration(*given.Leeway*float64(time.Second))))
	}
	return trustlayer.NewVerifier(given.Issuer, given.Audience, keySource, options...)
}

func keySourceOf(given settings) (trustlayer.KeySource, error) {
	if len(given.Jwks) > 0 && string(given.Jwks) != "null" {
		return trustlayer.NewStaticKeySource(given.Jwks)
	}
	if given.JwksURL == "" {
		given.JwksURL = given.Issuer + "/.well-known/jwks.json"
	}
	return trustlayer.NewJwksKeySource(given.JwksURL)
}

// callRPC calls the method of the client that has this name in snake_case.
func (p *probe) callRPC(ctx context.Context, do string, with json.RawMessage) (any, error) {
	if p.client == nil {
		return nil, probeError("FAILED_PRECONDITION")
	}
	method := reflect.ValueOf(p.client).MethodByName(camel(do))
	if !method.IsValid() || method.Type().NumIn() != 2 || method.Type().NumOut() != 2 {
		return nil, probeError("UNIMPLEMENTED")
	}
	requestType := method.Type().In(1)
	if requestType.Kind() != reflect.Pointer {
		return nil, probeError("UNIMPLEMENTED")
	}
	request, ok := reflect.New(requestType.Elem()).Interface().(proto.Message)
	if !ok {
		return nil, probeError("UNIMPLEMENTED")
	}
	if err := protojson.Unmarshal(with, request); err != nil {
		return nil, err
	}
	results := method.Call([]reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(request)})
	if err, failed := results[1].Interface().(error); failed {
		return nil, err
	}
	return messageToWire(results[0].Interface().(proto.Message).ProtoReflect()), nil
}

func camel(name string) string {
	var result strings.Builder
	for part := range strings.SplitSeq(name, "_") {
		if part != "" {
			result.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return result.String()
}
