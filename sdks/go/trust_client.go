package trustlayer

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// TrustClient calls the Trust Layer. It holds one channel, is safe for concurrent use, and should live as long as the
// process. Make it with [NewTrustClient].
//
// Each method takes the request message of the contract (proto/trust/v1: bounds, units and errors of every field) and
// fills an empty `tenant_id` in a copy of it. Each call has a deadline: that of [Config], or an earlier one of its context.
// Every error is an [*Error] and means that no decision was made: treat it as a denial.
type TrustClient struct {
	connection *grpc.ClientConn
	config     *clientSettings
	stubs      stubs
	watch      *watcher
}

// clientSettings is what a client keeps of its Config.
type clientSettings struct {
	address, tenantID string
	timeout           time.Duration
	// secrets gives those that may stand in no text.
	secrets func() []string
}

// NewTrustClient makes a client. It does no I/O: the first call connects. The error says which option is malformed or
// missing, without its value.
func NewTrustClient(config Config) (*TrustClient, error) {
	config, err := config.check()
	if err != nil {
		return nil, err
	}
	plan, err := planChannel(config)
	if err != nil {
		return nil, err
	}
	connection, err := plan.dial(config, newKeyCredentials(config.ServiceKey, plan.secure))
	if err != nil {
		return nil, err
	}
	serviceKey := config.ServiceKey
	client := &TrustClient{
		connection: connection,
		config: &clientSettings{
			address: config.Address, tenantID: config.TenantID, timeout: config.Timeout,
			secrets: func() []string { return []string{serviceKey} },
		},
		stubs: newStubs(connection),
	}
	client.watch = newWatcher(client, config)
	return client, nil
}

// TenantID is the tenant of requests that name none.
func (c *TrustClient) TenantID() string {
	return c.config.tenantID
}

// Close reports the last uses, ends the stream and closes the channel. Calls under way end with an error, and so does
// every question from then on: CANCELLED.
func (c *TrustClient) Close() error {
	c.watch.close()
	return c.connection.Close()
}

// Format names address and tenant only, for every verb (SDK-7).
func (c *TrustClient) Format(state fmt.State, _ rune) {
	if c == nil || c.config == nil {
		_, _ = state.Write([]byte("trustlayer.TrustClient{}"))
		return
	}
	_, _ = fmt.Fprintf(state, "trustlayer.TrustClient{Address:%q TenantID:%q}", c.config.address, c.config.tenantID)
}

// LogValue names address and tenant only (SDK-7).
func (c *TrustClient) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprint(c))
}

// call makes one call: tenant filled in, deadline set, error translated.
func call[Request proto.Message, Response any](
	ctx context.Context, c *TrustClient,
	rpc func(context.Context, Request, ...grpc.CallOption) (Response, error), request Request,
) (Response, error) {
	ctx, cancel := context.WithTimeout(ctx, c.config.timeout)
	defer cancel()
	filled := withTenant(request, c.config.tenantID)
	// What a context carries for another server is not for this one: a second authorization would have the call refused.
	answer, err := rpc(metadata.NewOutgoingContext(ctx, metadata.MD{}), filled)
	if err != nil {
		var none Response
		return none, errorOf(err, append(secretsOf(filled), c.config.secrets()...))
	}
	c.watch.took(filled, answer)
	return answer, nil
}

// withTenant gives a copy that names the tenant where the request names none. The request itself is never changed.
func withTenant[Request proto.Message](request Request, tenantID string) Request {
	message := request.ProtoReflect()
	if !message.IsValid() {
		message = message.New()
	}
	field := message.Descriptor().Fields().ByName("tenant_id")
	if field == nil || message.Get(field).String() != "" {
		return message.Interface().(Request)
	}
	copied := proto.Clone(message.Interface())
	copied.ProtoReflect().Set(field, protoreflect.ValueOfString(tenantID))
	return copied.(Request)
}
