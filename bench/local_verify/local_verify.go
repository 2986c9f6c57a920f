// Command local_verify fills the memory of a client with sessions and asks about them at random, by turns with an offline
// verification of a JWT by go-jose; it prints rates a second and the size of the memory as JSON. Its input is one line of
// JSON; bench/local_verify.ts writes it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	trustlayer "github.com/trust-layer/trust-layer/sdks/go"
)

type task struct {
	Address    string          `json:"address"`
	SessionIDs []string        `json:"sessionIds"`
	Token      string          `json:"token"`
	JWK        json.RawMessage `json:"jwk"`
	Issuer     string          `json:"issuer"`
	Audience   string          `json:"audience"`
	Seconds    float64         `json:"seconds"`
	Rounds     int             `json:"rounds"`
}

type result struct {
	Verify  []float64 `json:"verify"`
	Local   []float64 `json:"local"`
	Library []float64 `json:"library"`
	Bytes   uint64    `json:"bytes"`
	Hits    uint64    `json:"hits"`
	Misses  uint64    `json:"misses"`
}

// One core, as in the other languages.
const cores, block, batch = 1, 1_000, 256

func main() {
	runtime.GOMAXPROCS(cores)
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "local_verify:", err)
		os.Exit(1)
	}
}

func run() error {
	var given task
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		return err
	}
	library, err := withLibrary(given)
	if err != nil {
		return err
	}
	client, err := trustlayer.NewTrustClient(trustlayer.Config{Address: given.Address})
	if err != nil {
		return err
	}
	defer client.Close()
	ctx := context.Background()
	size, err := fill(ctx, client, given.SessionIDs)
	if err != nil {
		return err
	}

	place := 0
	next := func() string {
		place = (place + 7_919) % len(given.SessionIDs)
		return given.SessionIDs[place]
	}
	verify := func() error {
		verdict, err := client.Verify(ctx, next())
		if err == nil && !verdict.Active {
			err = errors.New("a session was refused")
		}
		return err
	}
	// Lets pings and pongs through now and then, as any process does.
	breathe := func() {
		runtime.Gosched()
		client.AwaitLease(ctx)
	}
	told := result{Bytes: size}
	local := func() error {
		if _, found := client.VerifyLocal(next()); !found {
			told.Misses++
		}
		return nil
	}
	if _, err := measure(verify, given.Seconds, breathe); err != nil {
		return err
	}
	before := client.Metrics()
	for range given.Rounds {
		for _, way := range []struct {
			ask   func() error
			rates *[]float64
		}{{verify, &told.Verify}, {local, &told.Local}, {library, &told.Library}} {
			rate, err := measure(way.ask, given.Seconds, breathe)
			if err != nil {
				return err
			}
			*way.rates = append(*way.rates, rate)
		}
	}
	after := client.Metrics()
	told.Hits, told.Misses = after.Hits-before.Hits, told.Misses+after.Misses-before.Misses
	return json.NewEncoder(os.Stdout).Encode(told)
}

// fill gives the bytes that the sessions take. The ids that are asked about later are not those that memory holds: they
// came with another request.
func fill(ctx context.Context, client *trustlayer.TrustClient, sessionIDs []string) (uint64, error) {
	if !client.AwaitLease(ctx) {
		return 0, errors.New("there is no lease")
	}
	if _, err := client.BatchVerify(ctx, sessionIDs[:1]); err != nil {
		return 0, err
	}
	before := held()
	for from := 0; from < len(sessionIDs); from += batch {
		asked := make([]string, 0, batch)
		for _, sessionID := range sessionIDs[from:min(from+batch, len(sessionIDs))] {
			asked = append(asked, strings.Clone(sessionID))
		}
		if _, err := client.BatchVerify(ctx, asked); err != nil {
			return 0, err
		}
	}
	return held() - before, nil
}

func held() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func withLibrary(given task) (func() error, error) {
	var key jose.JSONWebKey
	if err := json.Unmarshal(given.JWK, &key); err != nil {
		return nil, err
	}
	algorithms := []jose.SignatureAlgorithm{jose.EdDSA}
	return func() error {
		token, err := jwt.ParseSigned(given.Token, algorithms)
		if err != nil {
			return err
		}
		var claims jwt.Claims
		if err := token.Claims(key, &claims); err != nil {
			return err
		}
		return claims.Validate(jwt.Expected{Issuer: given.Issuer, AnyAudience: jwt.Audience{given.Audience}})
	}, nil
}

// measure gives calls a second of this process's CPU time, so that what else the machine does counts for little.
func measure(ask func() error, seconds float64, breathe func()) (float64, error) {
	begun := spent()
	calls := 0
	for spent()-begun < seconds {
		for range block {
			if err := ask(); err != nil {
				return 0, err
			}
		}
		calls += block
		breathe()
	}
	return float64(calls) / (spent() - begun), nil
}

func spent() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}
