package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"time"

	trustlayer "github.com/trust-layer/trust-layer/sdks/go"
	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
)

// connect makes a client. It says at once what would otherwise come out at the first sign-in: no Trust Layer, or a key
// that it refuses.
func connect(address, serviceKey string) *trustlayer.TrustClient {
	client := must(trustlayer.NewTrustClient(trustlayer.Config{Address: address, ServiceKey: serviceKey}))
	go func() {
		if _, err := client.GetTrustKeys(context.Background(), &trustv1.GetTrustKeysRequest{}); err != nil {
			log.Printf("Cannot use the Trust Layer at %s: %s", address, describe(err))
		}
	}()
	return client
}

// acceptor makes what checks the Trust Tokens of an audience. It needs no key and no connection, only the public keys.
func acceptor(s settings, audience string) *trustlayer.Verifier {
	keys := must(trustlayer.NewJwksKeySource(s.pages + "/.well-known/jwks.json"))
	return must(trustlayer.NewVerifier(s.pages, audience, keys))
}

// backends carries Trust Tokens, so it asks no proxy that the environment names.
var backends = &http.Client{Transport: &http.Transport{}, Timeout: 5 * time.Second}

// call asks another service with a Trust Token. The caller closes the body.
func call(ctx context.Context, url, trustToken string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set(trustlayer.TrustTokenHeader, trustToken)
	answer, err := backends.Do(request)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		_ = answer.Body.Close()
		return nil, fmt.Errorf("%s answered %d", url, answer.StatusCode)
	}
	return answer, nil
}

// describe gives what may stand in a log. Errors of the Trust Layer hold no secret.
func describe(err error) string {
	if failed, ok := errors.AsType[*trustlayer.Error](err); ok {
		return failed.Reason + " (" + failed.Code + ")"
	}
	return err.Error()
}
