// Command watchers keeps many Watch streams of a server, each with a ping every 500 ms, as idle clients of an SDK do; at a
// rate it revokes sessions meanwhile. It prints one JSON object with what the streams were told and what the server used.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
)

const (
	pingEvery       = 500 * time.Millisecond
	ofOneConnection = 16
	revokers        = 8
	// What was acknowledged has so long to arrive.
	patience  = 30 * time.Second
	pollEvery = 50 * time.Millisecond
)

// Answer is what one run saw. Latencies in milliseconds; told is from the answer of the revocation to the arrival at a
// stream, 0 if the stream was told before.
type Answer struct {
	Streams   int     `json:"streams"`
	Seconds   float64 `json:"seconds"`
	Revoked   int     `json:"revoked"`
	Delivered int     `json:"delivered"`
	Missing   int     `json:"missing"`
	ToldP50   float64 `json:"told_p50_ms"`
	ToldP99   float64 `json:"told_p99_ms"`
	ToldMax   float64 `json:"told_max_ms"`
	PongP99   float64 `json:"pong_p99_ms"`
	ServerCPU float64 `json:"server_cpu_seconds"`
}

type plan struct {
	address, input string
	streams, pid   int
	warm, span     time.Duration
	rate           float64
}

func main() {
	var p plan
	flag.StringVar(&p.address, "address", "127.0.0.1:50051", "host:port of the server, in plain text")
	flag.StringVar(&p.input, "input", "", "file with a handle of a session to revoke a line")
	flag.IntVar(&p.streams, "streams", 1, "Watch streams")
	flag.IntVar(&p.pid, "pid", 0, "process whose processor time is counted")
	flag.Float64Var(&p.rate, "rate", 0, "revocations a second")
	flag.DurationVar(&p.warm, "warm", 2*time.Second, "time before anything counts")
	flag.DurationVar(&p.span, "for", 10*time.Second, "time that counts")
	flag.Parse()
	answer, err := p.run(os.Getenv("TRUST_SERVICE_KEY"))
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(answer)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "watchers:", err)
		os.Exit(1)
	}
}

func (p plan) run(key string) (Answer, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+key)
	streams := make([]*stream, p.streams)
	var connection *grpc.ClientConn
	for i := range streams {
		if i%ofOneConnection == 0 {
			var err error
			if connection, err = grpc.NewClient(p.address, grpc.WithTransportCredentials(insecure.NewCredentials())); err != nil {
				return Answer{}, err
			}
			defer func() { _ = connection.Close() }()
		}
		one, err := open(ctx, connection)
		if err != nil {
			return Answer{}, fmt.Errorf("stream %d: %w", i, err)
		}
		streams[i] = one
	}
	for _, one := range streams {
		go one.receive()
		go one.ping(ctx)
	}
	time.Sleep(p.warm)
	for _, one := range streams {
		one.counting.Store(true)
	}
	before, begun := cpuSeconds(p.pid), time.Now()
	acknowledged, err := p.revoke(ctx)
	if err != nil {
		return Answer{}, err
	}
	time.Sleep(time.Until(begun.Add(p.span)))
	answer := Answer{Streams: p.streams, Revoked: len(acknowledged), Seconds: time.Since(begun).Seconds()}
	answer.ServerCPU = cpuSeconds(p.pid) - before
	for end := time.Now().Add(patience); time.Now().Before(end) && !allTold(streams, len(acknowledged)); {
		time.Sleep(pollEvery)
	}
	cancel()
	return answer, answer.sum(streams, acknowledged)
}

func allTold(streams []*stream, count int) bool {
	for _, one := range streams {
		one.mu.Lock()
		told := len(one.told)
		one.mu.Unlock()
		if told < count {
			return false
		}
	}
	return true
}

func (a *Answer) sum(streams []*stream, acknowledged map[string]time.Time) error {
	var told, pongs []time.Duration
	for i, one := range streams {
		one.mu.Lock()
		if one.failure != nil {
			return fmt.Errorf("stream %d ended: %w", i, one.failure)
		}
		pongs = append(pongs, one.pongs...)
		for handle, at := range acknowledged {
			if arrived, found := one.told[handle]; found {
				told = append(told, max(0, arrived.Sub(at)))
			} else {
				a.Missing++
			}
		}
		one.mu.Unlock()
	}
	a.Delivered = len(told)
	at := func(of []time.Duration, share float64) float64 {
		if len(of) == 0 {
			return 0
		}
		slices.Sort(of)
		return of[int(share*float64(len(of)-1))].Seconds() * 1_000
	}
	a.ToldP50, a.ToldP99, a.ToldMax, a.PongP99 = at(told, 0.5), at(told, 0.99), at(told, 1), at(pongs, 0.99)
	return nil
}

// revoke ends sessions at the rate and gives the time of each answer.
func (p plan) revoke(ctx context.Context) (map[string]time.Time, error) {
	acknowledged := map[string]time.Time{}
	if p.rate == 0 {
		return acknowledged, nil
	}
	handles, err := readLines(p.input)
	if err != nil {
		return nil, err
	}
	connection, err := grpc.NewClient(p.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	defer func() { _ = connection.Close() }()
	client := trustv1.NewSessionServiceClient(connection)
	count := min(len(handles), int(p.rate*p.span.Seconds()))
	var mu sync.Mutex
	var next atomic.Int64
	var failed error
	var workers sync.WaitGroup
	begun := time.Now()
	for range revokers {
		workers.Go(func() {
			for n := int(next.Add(1)) - 1; n < count; n = int(next.Add(1)) - 1 {
				time.Sleep(time.Until(begun.Add(time.Duration(float64(n) / p.rate * float64(time.Second)))))
				target := &trustv1.RevokeSessionRequest_Handle{Handle: handles[n]}
				_, err := client.RevokeSession(ctx, &trustv1.RevokeSessionRequest{Target: target})
				now := time.Now()
				mu.Lock()
				if err != nil {
					failed = err
				} else {
					acknowledged[handles[n]] = now
				}
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	return acknowledged, failed
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
		return nil, errors.New("the input file is empty")
	}
	return lines, nil
}

// cpuSeconds gives the processor time of all threads of a process, to the nanosecond: ticks are too coarse for little.
func cpuSeconds(pid int) float64 {
	paths, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	var sum float64
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		var ran float64
		if _, err := fmt.Sscan(strings.TrimSpace(string(text)), &ran); err == nil {
			sum += ran / 1e9
		}
	}
	return sum
}
