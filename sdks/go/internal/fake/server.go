// Package fake holds a Trust Layer of the tests: a gRPC server in this process that answers as told, and Trust Tokens.
package fake

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// SessionID and Code are well-formed secrets.
const (
	SessionID = "ts_DLnxvuR2NwHgHTnojgc9ZkdthWp1rtOGWPQfoqIpLcX01NrhF"
	Code      = "tc_f9Rq3kwb8AkzruqO0t5Uz0f63uwcu7Wlg7HwwYcPRof3LqSSw"
)

// Call is one call that arrived.
type Call struct {
	Method   string
	Request  proto.Message
	Metadata metadata.MD
	// Remaining is the time to its deadline; 0 without one.
	Remaining time.Duration
}

// Server answers the RPCs of the contract. Without a handler each call gets an empty response.
type Server struct {
	Address string
	Handle  func(ctx context.Context, call Call) (proto.Message, error)
	// Streams gets each stream of Watch that is opened; nil where Watch is not served.
	Streams chan *Stream

	mu    sync.Mutex
	calls []Call
}

// Start serves on a free port of 127.0.0.1 until the test ends.
func Start(t *testing.T, handle func(context.Context, Call) (proto.Message, error), options ...grpc.ServerOption) *Server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return Serve(t, listener, handle, options...)
}

// Serve is as Start, on a listener.
func Serve(
	t *testing.T, listener net.Listener, handle func(context.Context, Call) (proto.Message, error),
	options ...grpc.ServerOption,
) *Server {
	t.Helper()
	return serve(t, listener, &Server{Handle: handle}, options)
}

// StartWatch is as Start, with Watch.
func StartWatch(t *testing.T, handle func(context.Context, Call) (proto.Message, error)) *Server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, listener, &Server{Handle: handle, Streams: make(chan *Stream, 1_000)}, nil)
}

func serve(t *testing.T, listener net.Listener, s *Server, options []grpc.ServerOption) *Server {
	t.Helper()
	s.Address = listener.Addr().String()
	server := grpc.NewServer(append(options, grpc.UnaryInterceptor(s.intercept))...)
	trustv1.RegisterSessionServiceServer(server, &sessions{server: s})
	trustv1.RegisterSignInServiceServer(server, trustv1.UnimplementedSignInServiceServer{})
	trustv1.RegisterPasswordServiceServer(server, trustv1.UnimplementedPasswordServiceServer{})
	trustv1.RegisterMfaServiceServer(server, trustv1.UnimplementedMfaServiceServer{})
	trustv1.RegisterPasskeyServiceServer(server, trustv1.UnimplementedPasskeyServiceServer{})
	trustv1.RegisterOrganisationServiceServer(server, trustv1.UnimplementedOrganisationServiceServer{})
	trustv1.RegisterInvitationServiceServer(server, trustv1.UnimplementedInvitationServiceServer{})
	trustv1.RegisterTrustTokenServiceServer(server, trustv1.UnimplementedTrustTokenServiceServer{})
	trustv1.RegisterIdentityServiceServer(server, trustv1.UnimplementedIdentityServiceServer{})
	trustv1.RegisterServiceKeyServiceServer(server, trustv1.UnimplementedServiceKeyServiceServer{})
	trustv1.RegisterSigningKeyServiceServer(server, trustv1.UnimplementedSigningKeyServiceServer{})
	trustv1.RegisterTenantServiceServer(server, trustv1.UnimplementedTenantServiceServer{})
	trustv1.RegisterAuditServiceServer(server, trustv1.UnimplementedAuditServiceServer{})
	trustv1.RegisterOauthServiceServer(server, trustv1.UnimplementedOauthServiceServer{})
	trustv1.RegisterWebhookServiceServer(server, trustv1.UnimplementedWebhookServiceServer{})
	trustv1.RegisterEmailServiceServer(server, trustv1.UnimplementedEmailServiceServer{})
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return s
}

// Calls gives the calls so far.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Call(nil), s.calls...)
}

func (s *Server) intercept(
	ctx context.Context, request any, info *grpc.UnaryServerInfo, _ grpc.UnaryHandler,
) (any, error) {
	call := Call{Method: info.FullMethod, Request: request.(proto.Message)}
	call.Metadata, _ = metadata.FromIncomingContext(ctx)
	if deadline, ok := ctx.Deadline(); ok {
		call.Remaining = time.Until(deadline)
	}
	s.mu.Lock()
	s.calls = append(s.calls, call)
	s.mu.Unlock()
	if s.Handle != nil {
		if answer, err := s.Handle(ctx, call); answer != nil || err != nil {
			return answer, err
		}
	}
	return emptyAnswer(info.FullMethod)
}

func emptyAnswer(fullMethod string) (proto.Message, error) {
	name := protoreflect.FullName(strings.ReplaceAll(strings.TrimPrefix(fullMethod, "/"), "/", "."))
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
	if err != nil {
		return nil, err
	}
	answer, err := protoregistry.GlobalTypes.FindMessageByName(found.(protoreflect.MethodDescriptor).Output().FullName())
	if err != nil {
		return nil, err
	}
	return answer.New().Interface(), nil
}

// Fail makes an error status as the Trust Layer sends it (ERR-1).
func Fail(code codes.Code, reason string, details ...protoadapt.MessageV1) error {
	info := &errdetails.ErrorInfo{Reason: reason, Domain: "trust-layer"}
	failed, err := status.New(code, "said by the server").WithDetails(append([]protoadapt.MessageV1{info}, details...)...)
	if err != nil {
		return err
	}
	return failed.Err()
}

// Active makes an active answer.
func Active() *trustv1.Verdict {
	identity := "idn_0b6f1d2e3c4a59687786a5b4c3d2e1f0"
	return &trustv1.Verdict{Answer: &trustv1.Verdict_Active{Active: &trustv1.ActiveVerdict{
		Session:    &trustv1.Session{Handle: "ses_5a1e0cc27bd94f3f8e6d7c8b9a0f1e2d", IdentityId: identity, Version: 1},
		Identity:   &trustv1.IdentityFacts{Id: identity, DisplayName: "Ada"},
		CacheForMs: 250,
	}}}
}

// Rejected makes a rejecting answer.
func Rejected(reason trustv1.RejectionReason) *trustv1.Verdict {
	return &trustv1.Verdict{Answer: &trustv1.Verdict_Rejected{Rejected: &trustv1.RejectedVerdict{Reason: reason}}}
}
