package trustlayer

import (
	"context"
	"sync"
	"time"

	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
	"google.golang.org/grpc"
)

// maxUses is the most that one message reports (WAT-38).
const maxUses = 1_024

type watchCall = grpc.BidiStreamingClient[trustv1.WatchRequest, trustv1.WatchResponse]

// stream is one call of Watch.
type stream struct {
	*watcher
	call   watchCall
	number uint64
	ready  bool
}

// followOne follows one stream to its end. served says whether it had sent its backlog.
func (w *watcher) followOne() (served bool, err error) {
	ctx, cancel := context.WithCancel(w.ctx)
	defer cancel()
	// From here on, so that a connection that is never made ends too.
	watchdog := time.AfterFunc(w.pace.silence, cancel)
	defer watchdog.Stop()
	call, err := w.client.stubs.session.Watch(ctx)
	if err != nil {
		return false, err
	}
	// Not before there is a connection: until then memory may answer by what the last stream proved.
	s := &stream{watcher: w, call: call, number: w.machine.Open()}
	defer w.machine.Close(s.number)
	var sender sync.WaitGroup
	defer sender.Wait()
	defer cancel()
	sender.Go(func() { s.send(ctx, cancel) })
	for {
		message, err := call.Recv()
		if err != nil {
			return s.ready, err
		}
		watchdog.Reset(w.pace.silence)
		s.receive(message)
	}
}

// send sends start, pings and reports of use until the stream ends. Whatever it cannot send ends the stream.
func (s *stream) send(ctx context.Context, cancel context.CancelFunc) {
	pings, reports := time.NewTicker(s.pace.ping), time.NewTicker(s.pace.report)
	defer pings.Stop()
	defer reports.Stop()
	start := &trustv1.WatchStart{TenantId: s.client.config.tenantID}
	err := s.call.Send(&trustv1.WatchRequest{Message: &trustv1.WatchRequest_Start{Start: start}})
	for ping := true; err == nil; {
		if ping {
			err = s.ping()
		}
		if err != nil {
			break
		}
		select {
		case <-pings.C:
			ping = true
		case <-reports.C:
			ping, err = false, s.report()
		case <-s.closing:
			if s.report() != nil || s.call.CloseSend() != nil {
				cancel()
			}
			return
		case <-ctx.Done():
			return
		}
	}
	cancel()
}

func (s *stream) ping() error {
	// The clocks are read before the ping is on its way (WAT-4).
	number := s.machine.Ping(s.number, s.clock())
	return s.call.Send(&trustv1.WatchRequest{Message: &trustv1.WatchRequest_Ping{Ping: &trustv1.WatchPing{Number: number}}})
}

// report tells of the uses since the last report (WAT-14).
func (s *stream) report() error {
	for {
		uses := s.machine.TakeUses(s.clock(), maxUses)
		if len(uses) == 0 {
			return nil
		}
		report := &trustv1.WatchUse{}
		for _, use := range uses {
			report.Uses = append(report.Uses, &trustv1.SessionUse{Handle: use.Handle, AgeMs: use.AgeMs})
		}
		if err := s.call.Send(&trustv1.WatchRequest{Message: &trustv1.WatchRequest_Use{Use: report}}); err != nil {
			return err
		}
	}
}

func (s *stream) receive(message *trustv1.WatchResponse) {
	now := s.clock()
	switch message := message.GetMessage().(type) {
	case *trustv1.WatchResponse_Change:
		change := changeOf(message.Change)
		notice, told := s.machine.Change(s.number, change, now)
		s.tell(change, notice, told)
	case *trustv1.WatchResponse_Ready:
		s.ready = true
		ready := message.Ready
		missed := s.machine.Ready(s.number, float64(ready.GetStalenessBoundMs()), float64(ready.GetBacklogWindowMs()), now)
		s.tellMissed()
		if missed {
			s.listeners.note(Change{Kind: ChangesMissed})
			s.listeners.keyChanged()
		}
	case *trustv1.WatchResponse_Pong:
		s.machine.Pong(s.number, message.Pong.GetNumber(), msOf(message.Pong.GetDatabaseTime()))
		s.turn()
	}
}
