package grpctrust_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	trustlayer "github.com/trust-layer/trust-layer/sdks/go"
	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
	"github.com/trust-layer/trust-layer/sdks/go/internal/fake"
	"github.com/trust-layer/trust-layer/sdks/go/middleware/grpctrust"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// service is one behind the interceptors; any with a unary and a streaming method will do.
type service struct {
	trustv1.UnimplementedSessionServiceServer
	seen []*trustlayer.VerifiedTrustToken
}

func (s *service) Verify(ctx context.Context, _ *trustv1.VerifyRequest) (*trustv1.VerifyResponse, error) {
	s.seen = append(s.seen, grpctrust.TrustTokenOf(ctx))
	return &trustv1.VerifyResponse{}, nil
}

func (s *service) Watch(stream grpc.BidiStreamingServer[trustv1.WatchRequest, trustv1.WatchResponse]) error {
	s.seen = append(s.seen, grpctrust.TrustTokenOf(stream.Context()))
	return stream.Send(&trustv1.WatchResponse{})
}

func start(t *testing.T, verifier trustlayer.TokenVerifier, options ...grpctrust.Option) (*service, trustv1.SessionServiceClient) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(
		grpc.ChainUnaryInterceptor(grpctrust.UnaryServerInterceptor(verifier, options...)),
		grpc.ChainStreamInterceptor(grpctrust.StreamServerInterceptor(verifier, options...)))
	s := &service{}
	trustv1.RegisterSessionServiceServer(server, s)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	connection, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return s, trustv1.NewSessionServiceClient(connection)
}

// both calls the unary and the streaming method.
func both(ctx context.Context, client trustv1.SessionServiceClient) [2]error {
	_, unary := client.Verify(ctx, &trustv1.VerifyRequest{})
	stream, err := client.Watch(ctx)
	if err != nil {
		return [2]error{unary, err}
	}
	_, err = stream.Recv()
	return [2]error{unary, err}
}

type verifierFunc func() (*trustlayer.Claims, error)

func (f verifierFunc) Verify(context.Context, string) (*trustlayer.Claims, error) { return f() }

func realVerifier(t *testing.T, key fake.Key) *trustlayer.Verifier {
	t.Helper()
	source, err := trustlayer.NewStaticKeySource(fake.JWKS(key))
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := trustlayer.NewVerifier(fake.Issuer, fake.Audience, source)
	if err != nil {
		t.Fatal(err)
	}
	return verifier
}

func TestInterceptors(t *testing.T) {
	key := fake.NewKey("k1")
	verifier := realVerifier(t, key)
	token := key.Token(fake.Claims(time.Now()))
	expired := key.Token(fake.Claims(time.Now().Add(-time.Hour)))
	down := verifierFunc(func() (*trustlayer.Claims, error) { return nil, errors.New("down") })
	for _, c := range []struct {
		name     string
		verifier trustlayer.TokenVerifier
		tokens   []string
		code     codes.Code
		reason   string
		check    string
	}{
		{"valid", verifier, []string{token}, codes.OK, "", ""},
		{"SDK-22 none", verifier, nil, codes.Unauthenticated, "TRUST_TOKEN_REJECTED", "TOKEN_SIZE"},
		{"SDK-22 twice", verifier, []string{token, token}, codes.Unauthenticated, "TRUST_TOKEN_REJECTED", "TOKEN_MALFORMED"},
		{"SDK-22 expired", verifier, []string{expired}, codes.Unauthenticated, "TRUST_TOKEN_REJECTED", "TOKEN_EXPIRED"},
		{"SDK-22 keys unavailable", down, []string{token}, codes.Unavailable, "KEYS_UNAVAILABLE", ""},
		{"no verifier", nil, []string{token}, codes.Unavailable, "KEYS_UNAVAILABLE", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, client := start(t, c.verifier)
			ctx := t.Context()
			for _, value := range c.tokens {
				ctx = metadata.AppendToOutgoingContext(ctx, "trust-token", value)
			}
			for i, err := range both(ctx, client) {
				failed := status.Convert(err)
				if failed.Code() != c.code {
					t.Fatalf("call %d: got %v", i, err)
				}
				if c.code == codes.OK {
					continue
				}
				info, ok := failed.Details()[0].(*errdetails.ErrorInfo)
				if !ok || info.GetDomain() != "trust-layer" || info.GetReason() != c.reason || info.GetMetadata()["check"] != c.check {
					t.Errorf("call %d: got %v", i, failed.Details())
				}
			}
			if c.code != codes.OK {
				if len(s.seen) != 0 {
					t.Error("a handler ran")
				}
				return
			}
			for _, seen := range s.seen {
				if seen.Claims().Audience != fake.Audience || seen.Token() != token {
					t.Errorf("the handler got %v", seen)
				}
			}
		})
	}
}

func TestExcept(t *testing.T) {
	s, client := start(t, nil, grpctrust.Except(trustv1.SessionService_Verify_FullMethodName))
	errs := both(t.Context(), client)
	if errs[0] != nil || status.Code(errs[1]) != codes.Unavailable {
		t.Errorf("got %v", errs)
	}
	if len(s.seen) != 1 || s.seen[0] != nil {
		t.Error("a method without check has a token")
	}
}

func TestWithTrustToken(t *testing.T) {
	key := fake.NewKey("k1")
	s, client := start(t, realVerifier(t, key))
	token := key.Token(fake.Claims(time.Now()))
	ctx := metadata.AppendToOutgoingContext(t.Context(), "other", "stays")
	ctx = grpctrust.WithTrustToken(grpctrust.WithTrustToken(ctx, "first"), token)
	for _, err := range both(ctx, client) {
		if err != nil {
			t.Errorf("SDK-22: a second token was sent beside the first: %v", err)
		}
	}
	if outgoing, _ := metadata.FromOutgoingContext(ctx); len(outgoing.Get("other")) != 1 || len(s.seen) != 2 {
		t.Error("other metadata was lost")
	}
	if grpctrust.TrustTokenOf(t.Context()) != nil {
		t.Error("without the interceptor there is a token")
	}
}

func TestPermissions(t *testing.T) {
	claims := &trustlayer.Claims{}
	s, client := start(t, verifierFunc(func() (*trustlayer.Claims, error) { return claims, nil }),
		grpctrust.Permissions(map[string]string{
			trustv1.SessionService_Verify_FullMethodName: "orders:write",
			trustv1.SessionService_Watch_FullMethodName:  "orders:write",
		}))
	ctx := grpctrust.WithTrustToken(t.Context(), "a.b.c")
	for _, permissions := range [][]string{nil, {"orders:read"}, {"orders:writer"}} {
		*claims = trustlayer.Claims{Permissions: permissions, Roles: []string{"orders:write"}, Scope: "orders:write"}
		for _, err := range both(ctx, client) {
			if status.Code(err) != codes.PermissionDenied {
				t.Errorf("SDK-26 %v: got %v", permissions, err)
			}
		}
	}
	if len(s.seen) != 0 {
		t.Error("a handler was reached")
	}
	*claims = trustlayer.Claims{Permissions: []string{"orders:read", "orders:write"}}
	if errs := both(ctx, client); errs[0] != nil || errs[1] != nil {
		t.Errorf("SDK-26 got %v", errs)
	}
}
