package main

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
	"google.golang.org/grpc"
)

// stream is one client that watches.
type stream struct {
	watch    grpc.BidiStreamingClient[trustv1.WatchRequest, trustv1.WatchResponse]
	counting atomic.Bool

	mu      sync.Mutex
	told    map[string]time.Time
	sent    map[uint64]time.Time
	pongs   []time.Duration
	failure error
}

func open(ctx context.Context, connection *grpc.ClientConn) (*stream, error) {
	watch, err := trustv1.NewSessionServiceClient(connection).Watch(ctx)
	if err != nil {
		return nil, err
	}
	start := &trustv1.WatchRequest{Message: &trustv1.WatchRequest_Start{Start: &trustv1.WatchStart{}}}
	if err := watch.Send(start); err != nil {
		return nil, err
	}
	one := &stream{watch: watch, told: map[string]time.Time{}, sent: map[uint64]time.Time{}}
	for {
		message, err := watch.Recv()
		if err != nil {
			return nil, err
		}
		if message.GetReady() != nil {
			return one, nil
		}
	}
}

func (s *stream) receive() {
	for {
		message, err := s.watch.Recv()
		now := time.Now()
		s.mu.Lock()
		if err != nil {
			if s.watch.Context().Err() == nil {
				s.failure = err
			}
			s.mu.Unlock()
			return
		}
		if pong := message.GetPong(); pong != nil {
			if s.counting.Load() {
				s.pongs = append(s.pongs, now.Sub(s.sent[pong.GetNumber()]))
			}
			delete(s.sent, pong.GetNumber())
		} else if session := message.GetChange().GetSession(); session != nil {
			s.told[session.GetHandle()] = now
		}
		s.mu.Unlock()
	}
}

func (s *stream) ping(ctx context.Context) {
	time.Sleep(time.Duration(rand.Int64N(int64(pingEvery))))
	for number := uint64(1); ctx.Err() == nil; number++ {
		s.mu.Lock()
		s.sent[number] = time.Now()
		s.mu.Unlock()
		ping := &trustv1.WatchPing{Number: number}
		if s.watch.Send(&trustv1.WatchRequest{Message: &trustv1.WatchRequest_Ping{Ping: ping}}) != nil {
			return
		}
		time.Sleep(pingEvery)
	}
}
