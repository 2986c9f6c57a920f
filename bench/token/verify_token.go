// Command token verifies one Trust Token again and again, by turns with the SDK and with go-jose, and prints verifications
// a second as JSON. Its input is one line of JSON; bench/token.ts writes it.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	trustlayer "github.com/trust-layer/trust-layer/sdks/go"
)

type task struct {
	Token    string          `json:"token"`
	JWKS     json.RawMessage `json:"jwks"`
	Issuer   string          `json:"issuer"`
	Audience string          `json:"audience"`
	Seconds  float64         `json:"seconds"`
	Rounds   int             `json:"rounds"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "token:", err)
		os.Exit(1)
	}
}

func run() error {
	var given task
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		return err
	}
	sdk, err := withSDK(given)
	if err != nil {
		return err
	}
	library, err := withLibrary(given)
	if err != nil {
		return err
	}
	rates := map[string][]float64{}
	for range given.Rounds {
		for name, verify := range map[string]func() error{"sdk": sdk, "library": library} {
			rate, err := measure(verify, time.Duration(given.Seconds*float64(time.Second)))
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			rates[name] = append(rates[name], rate)
		}
	}
	return json.NewEncoder(os.Stdout).Encode(rates)
}

func withSDK(given task) (func() error, error) {
	keys, err := trustlayer.NewStaticKeySource(given.JWKS)
	if err != nil {
		return nil, err
	}
	verifier, err := trustlayer.NewVerifier(given.Issuer, given.Audience, keys)
	if err != nil {
		return nil, err
	}
	return func() error {
		_, err := verifier.Verify(context.Background(), given.Token)
		return err
	}, nil
}

func withLibrary(given task) (func() error, error) {
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal(given.JWKS, &keys); err != nil {
		return nil, err
	}
	algorithms := []jose.SignatureAlgorithm{jose.EdDSA}
	return func() error {
		token, err := jwt.ParseSigned(given.Token, algorithms)
		if err != nil {
			return err
		}
		var claims jwt.Claims
		if err := token.Claims(keys, &claims); err != nil {
			return err
		}
		return claims.Validate(jwt.Expected{Issuer: given.Issuer, AnyAudience: jwt.Audience{given.Audience}})
	}, nil
}

func measure(verify func() error, span time.Duration) (float64, error) {
	started := time.Now()
	calls := 0
	for time.Since(started) < span {
		if err := verify(); err != nil {
			return 0, err
		}
		calls++
	}
	return float64(calls) / time.Since(started).Seconds(), nil
}
