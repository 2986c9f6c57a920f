// Command load calls one RPC of a server as fast as it can, or at a given rate, and prints one JSON object with what it saw.
// The same program loads the Trust Layer and what it is compared with.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
)

// Answer is what one run saw. Calls, failures and latencies are those after the warm-up.
type Answer struct {
	Calls      int     `json:"calls"`
	Failures   int     `json:"failures"`
	Failure    string  `json:"failure,omitempty"`
	Seconds    float64 `json:"seconds"`
	P50        float64 `json:"p50_ms"`
	P99        float64 `json:"p99_ms"`
	AllCalls   int     `json:"all_calls"`
	CPUSeconds float64 `json:"cpu_seconds"`
	AllSeconds float64 `json:"all_seconds"`
}

type plan struct {
	rpc, address, input, audience string
	inFlight, connections, batch  int
	warm, span                    time.Duration
	rate                          float64
}

func main() {
	var p plan
	flag.StringVar(&p.rpc, "rpc", "verify", "verify, verify-strong, batch, sdk, issue or sign-in")
	flag.StringVar(&p.address, "address", "127.0.0.1:50051", "host:port of the server, in plain text")
	flag.StringVar(&p.input, "input", "", "file with a session_id, or an identifier and a password, a line")
	flag.StringVar(&p.audience, "audience", "orders", "audience of issued tokens")
	flag.IntVar(&p.inFlight, "in-flight", 1, "calls at a time")
	flag.IntVar(&p.connections, "connections", 1, "connections over which they are spread")
	flag.IntVar(&p.batch, "batch", 64, "session_ids of a batch")
	flag.DurationVar(&p.warm, "warm", time.Second, "time before anything counts")
	flag.DurationVar(&p.span, "for", 3*time.Second, "time that counts")
	flag.Float64Var(&p.rate, "rate", 0, "calls a second, begun on schedule; 0 means as many as possible")
	flag.Parse()
	answer, err := p.run(os.Getenv("TRUST_SERVICE_KEY"))
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(answer)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func (p plan) run(key string) (Answer, error) {
	if p.inFlight < 1 || p.connections < 1 {
		return Answer{}, errors.New("-in-flight and -connections must be at least 1")
	}
	lines, err := readLines(p.input)
	if err != nil {
		return Answer{}, err
	}
	calls := make([]call, p.connections)
	for i := range calls {
		if p.rpc == "sdk" {
			ask, end, err := sdkCall(p, key, lines)
			if err != nil {
				return Answer{}, err
			}
			defer func() { _ = end() }()
			calls[i] = ask
			continue
		}
		connection, err := grpc.NewClient(p.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return Answer{}, err
		}
		defer func() { _ = connection.Close() }()
		if calls[i], err = newCall(p, connection, lines); err != nil {
			return Answer{}, err
		}
	}
	ctx := metadata.AppendToOutgoingContext(context.Background(), "authorization", "Bearer "+key)
	started := time.Now()
	clock := schedule{rate: p.rate, start: started, counted: started.Add(p.warm), end: started.Add(p.warm + p.span)}
	seen := make([]record, p.inFlight)
	var workers sync.WaitGroup
	for i := range seen {
		workers.Go(func() { seen[i] = clock.work(ctx, calls[i%len(calls)]) })
	}
	workers.Wait()
	answer := summary(seen)
	answer.Seconds = p.span.Seconds()
	answer.AllSeconds = time.Since(started).Seconds()
	answer.CPUSeconds = cpuSeconds()
	return answer, nil
}

func readLines(path string) ([]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	var lines []string
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		lines = append(lines, scanner.Text())
	}
	if len(lines) == 0 {
		return nil, errors.New("the input file holds nothing to call with")
	}
	return lines, nil
}

// schedule says when calls begin and which of them count.
type schedule struct {
	rate                float64
	next                atomic.Int64
	start, counted, end time.Time
}

// record is what one worker saw.
type record struct {
	latencies     []time.Duration
	all, failures int
	failure       error
}

func (s *schedule) work(ctx context.Context, call call) record {
	var seen record
	for {
		begun := s.begin()
		if begun.After(s.end) {
			return seen
		}
		err := call(ctx)
		now := time.Now()
		seen.all++
		if now.Before(s.counted) || now.After(s.end) {
			continue
		}
		if err != nil {
			seen.failures++
			seen.failure = err
		} else {
			seen.latencies = append(seen.latencies, now.Sub(begun))
		}
	}
}

// begin waits for the time of the next call. On a schedule that is the time at which it was due, so that the wait behind a
// slow one counts.
func (s *schedule) begin() time.Time {
	if s.rate == 0 {
		return time.Now()
	}
	due := s.start.Add(time.Duration(float64(s.next.Add(1)) / s.rate * float64(time.Second)))
	time.Sleep(time.Until(due))
	return due
}

func summary(seen []record) Answer {
	var answer Answer
	var latencies []time.Duration
	for _, one := range seen {
		latencies = append(latencies, one.latencies...)
		answer.AllCalls += one.all
		answer.Failures += one.failures
		if one.failure != nil {
			answer.Failure = one.failure.Error()
		}
	}
	slices.Sort(latencies)
	answer.Calls = len(latencies)
	if len(latencies) > 0 {
		at := func(share float64) float64 {
			return latencies[int(share*float64(len(latencies)-1))].Seconds() * 1_000
		}
		answer.P50, answer.P99 = at(0.5), at(0.99)
	}
	return answer
}

func cpuSeconds() float64 {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
}
