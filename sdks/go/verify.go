package trustlayer

import (
	"context"
	"strings"
	"time"

	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
	"github.com/trust-layer/trust-layer/sdks/go/internal/lease"
	"google.golang.org/grpc/codes"
)

const (
	maxQuestions      = 256
	maxSessionIDBytes = 256
	// maxAttempts counts within the time of the question. On a machine that is short of it, several answers in a row may
	// come too late.
	maxAttempts = 8
)

type verifyOptions struct {
	consistency trustv1.Consistency
	maxStale    time.Duration
}

func (o verifyOptions) strong() bool { return o.consistency == trustv1.Consistency_CONSISTENCY_STRONG }

// VerifyOption changes how [TrustClient.Verify] and [TrustClient.BatchVerify] ask.
type VerifyOption func(*verifyOptions)

// Bounded asks for an answer that is at most the staleness bound old. This is the default.
func Bounded() VerifyOption {
	return func(o *verifyOptions) { o.consistency = trustv1.Consistency_CONSISTENCY_BOUNDED }
}

// Strong asks for an answer that is read from the primary database after the call arrived. It is always a call.
func Strong() VerifyOption {
	return func(o *verifyOptions) { o.consistency = trustv1.Consistency_CONSISTENCY_STRONG }
}

// Degraded takes a yes from memory that was asked for up to maxStale ago (at most 300 s count) while the server cannot be
// asked: UNAVAILABLE or DEADLINE_EXCEEDED. Such a verdict says so, and may outlive a revocation by maxStale. Where it
// matters more to say no in time than to say yes, leave it out.
func Degraded(maxStale time.Duration) VerifyOption {
	return func(o *verifyOptions) { o.maxStale = maxStale }
}

func optionsOf(options []VerifyOption) verifyOptions {
	chosen := verifyOptions{consistency: trustv1.Consistency_CONSISTENCY_BOUNDED}
	for _, option := range options {
		if option != nil {
			option(&chosen)
		}
	}
	return chosen
}

// Verify asks whether sessionID, whole as the client sent it and at most 256 bytes, stands for an active session. A
// malformed, unknown, expired or revoked session is an answer, not an error. While the client holds a lease, memory
// answers what it knows; else the server is asked, together with others who ask at the moment. Scope `sessions:verify`.
func (c *TrustClient) Verify(ctx context.Context, sessionID string, options ...VerifyOption) (Verdict, error) {
	if len(options) == 0 {
		if verdict, found := c.watch.local(sessionID); found {
			return verdict, nil
		}
	}
	return c.watch.verify(ctx, sessionID, options)
}

// VerifyLocal is [TrustClient.Verify] without a call: the verdict from memory, or false. It never says no.
func (c *TrustClient) VerifyLocal(sessionID string) (Verdict, bool) {
	return c.watch.local(sessionID)
}

// BatchVerify asks about 1 to 256 session_ids at once and gives one verdict for each, in their order. Scope
// `sessions:verify`.
func (c *TrustClient) BatchVerify(ctx context.Context, sessionIDs []string, options ...VerifyOption) ([]Verdict, error) {
	return c.watch.batchVerify(ctx, sessionIDs, optionsOf(options))
}

func (w *watcher) local(sessionID string) (Verdict, bool) {
	held := w.machine.Look(sessionID)
	if !held.Found() {
		return Verdict{}, false
	}
	kept, found := held.Answer(w.clock())
	if !found {
		return Verdict{}, false
	}
	return kept.verdict(), true
}

func (w *watcher) verify(ctx context.Context, sessionID string, options []VerifyOption) (Verdict, error) {
	none, chosen := Verdict{Reason: RejectionUnspecified}, optionsOf(options)
	if w.closed.Load() {
		return none, closedError()
	}
	if len(options) > 0 && !chosen.strong() {
		if verdict, found := w.local(sessionID); found {
			return verdict, nil
		}
	}
	if len(sessionID) <= maxSessionIDBytes && !IsSessionID(sessionID) {
		return Verdict{Reason: RejectionMalformed}, nil
	}
	w.begin()
	w.misses.Add(1)
	verdict, err := w.lane(chosen.strong()).ask(ctx, sessionID)
	if err == nil {
		return verdict, nil
	}
	if verdict, found := w.stale(sessionID, chosen, err); found {
		return verdict, nil
	}
	return none, err
}

func (w *watcher) batchVerify(ctx context.Context, sessionIDs []string, chosen verifyOptions) ([]Verdict, error) {
	if w.closed.Load() {
		return nil, closedError()
	}
	verdicts, missing := make([]Verdict, len(sessionIDs)), make([]int, 0, len(sessionIDs))
	valid := len(sessionIDs) > 0 && len(sessionIDs) <= maxQuestions
	for i, sessionID := range sessionIDs {
		valid = valid && len(sessionID) <= maxSessionIDBytes
		found := false
		if !chosen.strong() {
			verdicts[i], found = w.local(sessionID)
		}
		if found {
			continue
		}
		if IsSessionID(sessionID) {
			missing = append(missing, i)
		} else {
			verdicts[i] = Verdict{Reason: RejectionMalformed}
		}
	}
	if !valid {
		// The server says what is wrong with it.
		if _, err := w.call(ctx, sessionIDs, chosen.strong(), true); err != nil {
			return nil, err
		}
		return nil, &Error{Reason: ReasonUnknown, Code: "INTERNAL", Message: "1 to 256 session_ids can be asked about"}
	}
	if len(missing) == 0 {
		return verdicts, nil
	}
	w.begin()
	w.misses.Add(uint64(len(missing)))
	questions := make([]string, len(missing))
	for i, place := range missing {
		questions[i] = sessionIDs[place]
	}
	answers := w.settle(ctx, questions, chosen.strong(), true)
	for i, place := range missing {
		if answers[i].err != nil {
			verdict, found := w.stale(questions[i], chosen, answers[i].err)
			if !found {
				return nil, answers[i].err
			}
			answers[i].verdict = verdict
		}
		verdicts[place] = answers[i].verdict
	}
	return verdicts, nil
}

// stale gives a degraded answer where the caller takes one and the server could not be asked (SDK-35).
func (w *watcher) stale(sessionID string, chosen verifyOptions, err error) (Verdict, bool) {
	if chosen.maxStale <= 0 {
		return Verdict{}, false
	}
	failed := err.(*Error)
	if failed.Code != codeName(codes.Unavailable) && failed.Code != codeName(codes.DeadlineExceeded) {
		return Verdict{}, false
	}
	kept, found := w.machine.Stale(sessionID, float64(chosen.maxStale)/1e6, w.clock())
	if !found {
		return Verdict{}, false
	}
	w.degraded.Add(1)
	verdict := kept.verdict()
	verdict.Degraded = true
	return verdict, true
}

type settled struct {
	verdict Verdict
	err     error
}

// settle asks the server, and again with STRONG what the machine drops, 8 times in all (SDK-33).
func (w *watcher) settle(ctx context.Context, sessionIDs []string, strong, batch bool) []settled {
	ctx, cancel := context.WithTimeout(ctx, w.client.config.timeout)
	defer cancel()
	answers, open := make([]settled, len(sessionIDs)), make([]int, len(sessionIDs))
	for i := range open {
		open[i] = i
	}
	fail := func(err error) []settled {
		for _, place := range open {
			answers[place].err = err
		}
		return answers
	}
	for range maxAttempts {
		questions := make([]string, len(open))
		for i, place := range open {
			questions[i] = sessionIDs[place]
		}
		w.batches.Add(1)
		asked := w.machine.Ask(w.clock(), strong)
		verdicts, err := w.call(ctx, questions, strong, batch)
		if err != nil {
			return fail(err)
		}
		var again []int
		for i, place := range open {
			if w.judge(asked, questions[i], verdicts[i]) {
				answers[place].verdict = verdicts[i]
			} else {
				again = append(again, place)
			}
		}
		if open = again; len(open) == 0 {
			return answers
		}
		strong = true
	}
	return fail(&Error{
		Reason: ReasonUnreachable, Code: codeName(codes.Unavailable), Message: "no answer came in time to be relied on",
	})
}

// judge says whether a remote answer may be given out, and keeps it where it may be kept.
func (w *watcher) judge(asked lease.Ask, sessionID string, verdict Verdict) bool {
	key, facts := sessionID, (*lease.SessionFacts[packed])(nil)
	if verdict.Active {
		key, facts = w.packer.facts(sessionID, verdict)
	}
	use := w.machine.Answered(asked, key, facts, w.clock())
	return use == lease.Kept || use == lease.Used
}

// call makes one call for all questions.
func (w *watcher) call(ctx context.Context, sessionIDs []string, strong, batch bool) ([]Verdict, error) {
	consistency := trustv1.Consistency_CONSISTENCY_BOUNDED
	if strong {
		consistency = trustv1.Consistency_CONSISTENCY_STRONG
	}
	if !batch && len(sessionIDs) == 1 {
		request := &trustv1.VerifyRequest{SessionId: sendable(sessionIDs[0]), Consistency: consistency}
		answer, err := call(ctx, w.client, w.client.stubs.session.Verify, request)
		if err != nil {
			return nil, err
		}
		return []Verdict{verdictOf(answer.GetVerdict())}, nil
	}
	request := &trustv1.BatchVerifyRequest{Consistency: consistency}
	for _, sessionID := range sessionIDs {
		request.SessionIds = append(request.SessionIds, sendable(sessionID))
	}
	answer, err := call(ctx, w.client, w.client.stubs.session.BatchVerify, request)
	if err != nil {
		return nil, err
	}
	if len(answer.GetVerdicts()) != len(sessionIDs) {
		// Verdicts that cannot be matched to their questions decide nothing.
		return nil, &Error{Reason: ReasonUnknown, Code: "INTERNAL", Message: "not one verdict for each question"}
	}
	verdicts := make([]Verdict, 0, len(sessionIDs))
	for _, verdict := range answer.GetVerdicts() {
		verdicts = append(verdicts, verdictOf(verdict))
	}
	return verdicts, nil
}

// sendable makes any text one that protobuf carries. What it changes was no session_id and is none after it.
func sendable(sessionID string) string {
	return strings.ToValidUTF8(sessionID, "\uFFFD")
}

func closedError() *Error {
	return &Error{Reason: ReasonCancelled, Code: codeName(codes.Canceled), Message: "the client is closed"}
}
