// Command revoke revokes sessions at one node and asks a client at another until it says no; it prints the times as JSON.
// Its input is one line of JSON; bench/revoke.ts writes it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	trustlayer "github.com/trust-layer/trust-layer/sdks/go"
	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
)

type task struct {
	Revoking   string `json:"revoking"`
	Asking     string `json:"asking"`
	ServiceKey string `json:"serviceKey"`
	Sessions   []struct {
		SessionID string `json:"sessionId"`
		Handle    string `json:"handle"`
	} `json:"sessions"`
}

type result struct {
	MS []float64 `json:"ms"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "revoke:", err)
		os.Exit(1)
	}
}

func run() error {
	var given task
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		return err
	}
	there, err := trustlayer.NewTrustClient(trustlayer.Config{
		Address: given.Revoking, ServiceKey: given.ServiceKey, DisableWatch: true,
	})
	if err != nil {
		return err
	}
	defer there.Close()
	here, err := trustlayer.NewTrustClient(trustlayer.Config{Address: given.Asking, ServiceKey: given.ServiceKey})
	if err != nil {
		return err
	}
	defer here.Close()
	ctx := context.Background()
	if !here.AwaitLease(ctx) {
		return errors.New("there is no lease")
	}
	var told result
	for _, session := range given.Sessions {
		for {
			if _, found := here.VerifyLocal(session.SessionID); found {
				break
			}
			if _, err := here.Verify(ctx, session.SessionID); err != nil {
				return err
			}
		}
		target := &trustv1.RevokeSessionRequest_Handle{Handle: session.Handle}
		if _, err := there.RevokeSession(ctx, &trustv1.RevokeSessionRequest{Target: target}); err != nil {
			return err
		}
		answered := time.Now()
		for {
			verdict, err := here.Verify(ctx, session.SessionID)
			if err != nil {
				return err
			}
			if !verdict.Active {
				break
			}
			time.Sleep(time.Millisecond)
		}
		told.MS = append(told.MS, float64(time.Since(answered))/1e6)
	}
	return json.NewEncoder(os.Stdout).Encode(told)
}
