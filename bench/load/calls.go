package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	trustlayer "github.com/trust-layer/trust-layer/sdks/go"
	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
	"google.golang.org/grpc"
)

// call makes one call with a random line of the input. An answer that is not the expected one is an error.
type call func(ctx context.Context) error

// sdkCall makes one question of a client of the SDK that keeps nothing, so that each is a miss and travels with others.
func sdkCall(p plan, key string, lines []string) (call, func() error, error) {
	client, err := trustlayer.NewTrustClient(trustlayer.Config{
		Address: p.address, ServiceKey: key, DisableWatch: true, Timeout: 30 * time.Second,
	})
	if err != nil {
		return nil, nil, err
	}
	return func(ctx context.Context) error {
		verdict, err := client.Verify(ctx, lines[rand.IntN(len(lines))])
		if err == nil && !verdict.Active {
			return errors.New("the session is not active")
		}
		return err
	}, client.Close, nil
}

func newCall(p plan, connection grpc.ClientConnInterface, lines []string) (call, error) {
	line := func() string { return lines[rand.IntN(len(lines))] }
	switch p.rpc {
	case "verify", "verify-strong":
		client := trustv1.NewSessionServiceClient(connection)
		consistency := trustv1.Consistency_CONSISTENCY_UNSPECIFIED
		if p.rpc == "verify-strong" {
			consistency = trustv1.Consistency_CONSISTENCY_STRONG
		}
		return func(ctx context.Context) error {
			answer, err := client.Verify(ctx, &trustv1.VerifyRequest{SessionId: line(), Consistency: consistency})
			if err == nil && answer.GetVerdict().GetActive() == nil {
				return errors.New("the session is not active")
			}
			return err
		}, nil
	case "batch":
		client := trustv1.NewSessionServiceClient(connection)
		return func(ctx context.Context) error {
			asked := make([]string, p.batch)
			for i := range asked {
				asked[i] = line()
			}
			answer, err := client.BatchVerify(ctx, &trustv1.BatchVerifyRequest{SessionIds: asked})
			if err == nil && (len(answer.GetVerdicts()) != p.batch || answer.GetVerdicts()[0].GetActive() == nil) {
				return errors.New("the sessions are not active")
			}
			return err
		}, nil
	case "issue":
		client := trustv1.NewTrustTokenServiceClient(connection)
		return func(ctx context.Context) error {
			_, err := client.IssueTrustToken(ctx, &trustv1.IssueTrustTokenRequest{SessionId: line(), Audience: p.audience})
			return err
		}, nil
	case "sign-in":
		client := trustv1.NewPasswordServiceClient(connection)
		return func(ctx context.Context) error {
			identifier, password, _ := strings.Cut(line(), " ")
			_, err := client.SignInWithPassword(ctx, &trustv1.SignInWithPasswordRequest{
				IdentifierType: trustv1.IdentifierType_IDENTIFIER_TYPE_USERNAME,
				Identifier:     identifier,
				Password:       password,
			})
			return err
		}, nil
	default:
		return nil, fmt.Errorf("there is no RPC %q here; there are verify, verify-strong, batch, sdk, issue and sign-in", p.rpc)
	}
}
