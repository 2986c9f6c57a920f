package trustlayer

import (
	"context"
	"runtime"
	"sync"
	"time"
)

// lane gathers the questions of one consistency that come while others are under way (SDK-32).
type lane struct {
	watcher *watcher
	strong  bool

	mu sync.Mutex
	// calls counts those under way.
	calls   int
	waiting []*question
	byID    map[presented]*question
	timer   *time.Timer
}

// question is one that waits to be sent; all who ask the same until then wait for one answer.
type question struct {
	asked  presented
	done   chan struct{}
	answer settled
	// askers counts who waits for it; it is complete once it is sent.
	askers int
}

func (w *watcher) lane(strong bool) *lane {
	if strong {
		return &w.strong
	}
	return &w.bounded
}

// ask asks alone if nothing is under way; else it joins what is sent next.
func (l *lane) ask(ctx context.Context, asked presented) (Verdict, error) {
	joined := l.join(asked)
	if joined == nil {
		defer l.finished()
		answer := l.watcher.settle(ctx, []presented{asked}, l.strong, false)[0]
		return answer.verdict, answer.err
	}
	select {
	case <-joined.done:
		return joined.take()
	case <-ctx.Done():
		return Verdict{}, errorOf(ctx.Err(), nil)
	}
}

// join gives the question to wait for, or nil to ask alone. None that was sent before is joined.
func (l *lane) join(asking presented) *question {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.calls == 0 && len(l.waiting) == 0 {
		l.calls++
		return nil
	}
	if known, found := l.byID[asking]; found {
		known.askers++
		return known
	}
	asked := &question{asked: asking, askers: 1, done: make(chan struct{})}
	if l.byID == nil {
		l.byID = map[presented]*question{}
	}
	l.byID[asking] = asked
	if l.waiting = append(l.waiting, asked); len(l.waiting) >= maxQuestions {
		l.send()
	} else if len(l.waiting) == 1 {
		// A slow call must not hold up the others.
		l.timer = time.AfterFunc(l.watcher.pace.join, l.overdue)
	}
	return asked
}

func (l *lane) overdue() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.send()
}

func (l *lane) finished() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls--
	l.send()
}

// send sends what waits. It is called with the lock held.
func (l *lane) send() {
	if len(l.waiting) == 0 {
		return
	}
	asked := l.waiting
	l.waiting, l.byID = nil, nil
	l.timer.Stop()
	l.calls++
	go func() {
		defer l.finished()
		questions := make([]presented, len(asked))
		for i, one := range asked {
			questions[i] = one.asked
		}
		answers := l.watcher.settle(l.watcher.ctx, questions, l.strong, len(asked) > 1)
		for i, one := range asked {
			one.answer = answers[i]
			close(one.done)
		}
		l.gather()
	}()
}

// gather lets those who were answered ask again, which travels with what waits; it ends when nobody has.
func (l *lane) gather() {
	for before := -1; ; runtime.Gosched() {
		l.mu.Lock()
		now := len(l.waiting)
		l.mu.Unlock()
		if now <= before {
			return
		}
		before = now
	}
}

// take gives the answer; each of several askers gets a copy of its own.
func (q *question) take() (Verdict, error) {
	switch {
	case q.answer.err != nil:
		return Verdict{}, q.answer.err
	case q.askers > 1:
		return q.answer.verdict.own(), nil
	default:
		return q.answer.verdict, nil
	}
}
