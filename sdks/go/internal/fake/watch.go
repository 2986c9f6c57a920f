package fake

import (
	"sync"
	"testing"
	"time"

	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"
)

type sessions struct {
	trustv1.UnimplementedSessionServiceServer
	server *Server
}

// Stream is the server's end of one call of Watch. It sends only what it is told to.
type Stream struct {
	// Pings gets the numbers of the pings, Uses the reports, Gone is closed when the caller has gone.
	Pings chan uint64
	Uses  chan *trustv1.WatchUse
	Gone  chan struct{}
	// Tenant is what start named.
	Tenant string

	call   grpc.BidiStreamingServer[trustv1.WatchRequest, trustv1.WatchResponse]
	ended  chan error
	mu     sync.Mutex
	answer func(number uint64)
}

// Watch hands the stream to the test once it has begun.
func (s *sessions) Watch(call grpc.BidiStreamingServer[trustv1.WatchRequest, trustv1.WatchResponse]) error {
	if s.server.Streams == nil {
		return Fail(codes.Unimplemented, "RPC_NOT_SERVED")
	}
	stream := &Stream{
		Pings: make(chan uint64, 100_000), Uses: make(chan *trustv1.WatchUse, 1_000), Gone: make(chan struct{}),
		call: call, ended: make(chan error, 1),
	}
	go stream.read(s.server.Streams)
	select {
	case err := <-stream.ended:
		return err
	case <-stream.Gone:
		return nil
	}
}

func (s *Stream) read(begun chan *Stream) {
	defer close(s.Gone)
	for {
		message, err := s.call.Recv()
		if err != nil {
			return
		}
		switch message := message.GetMessage().(type) {
		case *trustv1.WatchRequest_Start:
			s.Tenant = message.Start.GetTenantId()
			begun <- s
		case *trustv1.WatchRequest_Ping:
			s.mu.Lock()
			answer := s.answer
			s.mu.Unlock()
			if answer != nil {
				answer(message.Ping.GetNumber())
			}
			s.Pings <- message.Ping.GetNumber()
		case *trustv1.WatchRequest_Use:
			s.Uses <- message.Use
		}
	}
}

// Next gives the next stream that is opened.
func (s *Server) Next(t *testing.T) *Stream {
	t.Helper()
	select {
	case stream := <-s.Streams:
		return stream
	case <-time.After(20 * time.Second):
		t.Fatal("no stream was opened")
		return nil
	}
}

// Ready says that the backlog is complete, with the usual B and W.
func (s *Stream) Ready() {
	ready := &trustv1.WatchReady{StalenessBoundMs: 2_000, BacklogWindowMs: 360_000}
	s.send(&trustv1.WatchResponse{Message: &trustv1.WatchResponse_Ready{Ready: ready}})
}

// Pong answers a ping at an instant of the database, in milliseconds.
func (s *Stream) Pong(number uint64, databaseTime float64) {
	pong := &trustv1.WatchPong{Number: number, DatabaseTime: timestamppb.New(time.UnixMilli(int64(databaseTime)))}
	s.send(&trustv1.WatchResponse{Message: &trustv1.WatchResponse_Pong{Pong: pong}})
}

// AnswerPings makes the stream answer each ping at once, until it is told nil.
func (s *Stream) AnswerPings(databaseTime func() float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = nil
	if databaseTime != nil {
		s.answer = func(number uint64) { s.Pong(number, databaseTime()) }
	}
}

// Change sends a change.
func (s *Stream) Change(change *trustv1.Change) {
	s.send(&trustv1.WatchResponse{Message: &trustv1.WatchResponse_Change{Change: change}})
}

// Revoke sends the end of a session.
func (s *Stream) Revoke(handle string) {
	s.Change(&trustv1.Change{Subject: &trustv1.Change_Session{
		Session: &trustv1.SessionChange{Handle: handle, Version: 2, Revoked: true},
	}})
}

// End ends the stream.
func (s *Stream) End(err error) { s.ended <- err }

var sending sync.Mutex

func (s *Stream) send(message *trustv1.WatchResponse) {
	sending.Lock()
	defer sending.Unlock()
	_ = s.call.Send(message)
}
