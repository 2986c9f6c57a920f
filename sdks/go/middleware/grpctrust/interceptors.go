// Package grpctrust is the middleware for gRPC: Trust Tokens between services, on the server and on the client side.
//
//	server := grpc.NewServer(
//		grpc.ChainUnaryInterceptor(grpctrust.UnaryServerInterceptor(verifier)),
//		grpc.ChainStreamInterceptor(grpctrust.StreamServerInterceptor(verifier)))
//
//	answer, err := billing.Charge(grpctrust.WithTrustToken(ctx, token), request)
package grpctrust

import (
	"context"
	"errors"
	"maps"

	trustlayer "github.com/trust-layer/trust-layer/sdks/go"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

type options struct {
	except map[string]bool
	// permissions by full method.
	permissions map[string]string
}

// Option changes the server interceptors.
type Option func(*options)

// Except names full methods that need no token, such as `/grpc.health.v1.Health/Check`. Compared exactly.
func Except(fullMethods ...string) Option {
	return func(o *options) {
		for _, method := range fullMethods {
			o.except[method] = true
		}
	}
}

// Permissions names what a token must permit, by full method, such as {"/shop.v1.Orders/Cancel": "orders:write"}. A token that
// does not is answered PERMISSION_DENIED (SDK-26). A method that is not named needs none.
func Permissions(byMethod map[string]string) Option {
	return func(o *options) { maps.Copy(o.permissions, byMethod) }
}

func optionsOf(given []Option) options {
	chosen := options{except: map[string]bool{}, permissions: map[string]string{}}
	for _, option := range given {
		option(&chosen)
	}
	return chosen
}

// UnaryServerInterceptor lets only calls with exactly one valid `trust-token` pass (SDK-22); the handler gets it by
// [TrustTokenOf]. Others end with UNAUTHENTICATED and reason TRUST_TOKEN_REJECTED, with the code of the check as metadata
// `check`, or, while the keys cannot be read, with UNAVAILABLE and KEYS_UNAVAILABLE.
func UnaryServerInterceptor(verifier trustlayer.TokenVerifier, given ...Option) grpc.UnaryServerInterceptor {
	chosen := optionsOf(given)
	return func(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		ctx, err := chosen.check(ctx, verifier, info.FullMethod)
		if err != nil {
			return nil, err
		}
		return handler(ctx, request)
	}
}

// StreamServerInterceptor is as [UnaryServerInterceptor], for streams. The token is checked when the stream begins.
func StreamServerInterceptor(verifier trustlayer.TokenVerifier, given ...Option) grpc.StreamServerInterceptor {
	chosen := optionsOf(given)
	return func(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		ctx, err := chosen.check(stream.Context(), verifier, info.FullMethod)
		if err != nil {
			return err
		}
		return handler(server, &trustedStream{ServerStream: stream, ctx: ctx})
	}
}

type trustedStream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s *trustedStream) Context() context.Context {
	return s.ctx
}

func (o options) check(ctx context.Context, verifier trustlayer.TokenVerifier, method string) (context.Context, error) {
	if o.except[method] {
		return ctx, nil
	}
	values := metadata.ValueFromIncomingContext(ctx, trustlayer.TrustTokenHeader)
	token, err := trustlayer.VerifyTokenOf(ctx, verifier, values)
	if err != nil {
		return nil, refusal(err)
	}
	if permission, needed := o.permissions[method]; needed && !token.Claims().HasPermission(permission) {
		return nil, notPermitted(permission)
	}
	return context.WithValue(ctx, tokenKey{}, token), nil
}

func notPermitted(permission string) error {
	denied := status.New(codes.PermissionDenied, "not permitted")
	failed, err := denied.WithDetails(&errdetails.ErrorInfo{
		Reason: "PERMISSION_MISSING", Domain: trustlayer.ErrorDomain, Metadata: map[string]string{"permission": permission},
	})
	if err != nil {
		return denied.Err()
	}
	return failed.Err()
}

func refusal(err error) error {
	code, info := codes.Unavailable, &errdetails.ErrorInfo{
		Reason: trustlayer.ReasonKeysUnavailable, Domain: trustlayer.ErrorDomain,
	}
	text := "the Trust Token could not be checked"
	refused, ok := errors.AsType[*trustlayer.Error](err)
	if ok && refused.Reason == trustlayer.ReasonTrustTokenRejected {
		code, text = codes.Unauthenticated, "the Trust Token was refused"
		info.Reason, info.Metadata = refused.Reason, map[string]string{"check": refused.Code}
	}
	failed, err := status.New(code, text).WithDetails(info)
	if err != nil {
		return status.Error(code, text)
	}
	return failed.Err()
}

type tokenKey struct{}

// TrustTokenOf gives the Trust Token of a call that an interceptor of this package let pass; nil if none did.
func TrustTokenOf(ctx context.Context) *trustlayer.VerifiedTrustToken {
	token, _ := ctx.Value(tokenKey{}).(*trustlayer.VerifiedTrustToken)
	return token
}

// WithTrustToken gives a context whose calls carry this Trust Token, from [trustlayer.TrustClient.IssueTrustToken] or
// [trustlayer.TrustClient.ExchangeTrustToken], in place of any other. The server refuses what is none.
func WithTrustToken(ctx context.Context, token string) context.Context {
	outgoing, _ := metadata.FromOutgoingContext(ctx)
	outgoing = outgoing.Copy()
	outgoing.Set(trustlayer.TrustTokenHeader, token)
	return metadata.NewOutgoingContext(ctx, outgoing)
}
