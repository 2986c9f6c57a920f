package trustlayer

import (
	"context"
	"slices"
	"strings"

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

// Verify asks whether sessionID, whole as the client sent it and at most 256 bytes, stands for an active session. A
// malformed, unknown, expired or revoked session is an answer, not an error. While the client holds a lease, memory
// answers what it knows; else the server is asked, together with others who ask at the moment. Scope `sessions:verify`.
func (c *TrustClient) Verify(ctx context.Context, sessionID string, options ...VerifyOption) (Verdict, error) {
	if len(options) == 0 {
		if verdict, found := c.watch.local(presented{sessionID: sessionID}); found {
			return verdict, nil
		}
	}
	return c.watch.verify(ctx, sessionID, options)
}

// VerifyLocal is [TrustClient.Verify] without a call: the verdict from memory, or false. It never says no. Of the options
// [From] counts.
func (c *TrustClient) VerifyLocal(sessionID string, options ...VerifyOption) (Verdict, bool) {
	return c.watch.local(presented{sessionID, optionsOf(options).client})
}

// BatchVerify asks about 1 to 256 session_ids at once and gives one verdict for each, in their order. Scope
// `sessions:verify`.
func (c *TrustClient) BatchVerify(ctx context.Context, sessionIDs []string, options ...VerifyOption) ([]Verdict, error) {
	return c.watch.batchVerify(ctx, sessionIDs, optionsOf(options))
}

// local answers from memory. What is there of a bound session is there for its client alone.
func (w *watcher) local(question presented) (Verdict, bool) {
	held := w.machine.Look(question.sessionID)
	if !held.Found() && question.known() {
		held = w.machine.Look(question.boundKey())
	}
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
	question := presented{sessionID, chosen.client}
	if w.closed.Load() {
		return none, closedError()
	}
	if len(options) > 0 && !chosen.strong() {
		if verdict, found := w.local(question); found {
			return verdict, nil
		}
	}
	if len(sessionID) <= maxSessionIDBytes && !IsSessionID(sessionID) {
		return Verdict{Reason: RejectionMalformed}, nil
	}
	w.begin()
	w.misses.Add(1)
	verdict, err := w.lane(chosen.strong()).ask(ctx, question)
	if err == nil {
		return verdict, nil
	}
	if verdict, found := w.stale(question, chosen, err); found {
		return verdict, nil
	}
	return none, err
}

func (w *watcher) batchVerify(ctx context.Context, sessionIDs []string, chosen verifyOptions) ([]Verdict, error) {
	if w.closed.Load() {
		return nil, closedError()
	}
	if len(chosen.clients) > 0 && len(chosen.clients) != len(sessionIDs) {
		return nil, &Error{Reason: ReasonUnknown, Code: "INTERNAL", Message: "FromEach takes one client for each session_id"}
	}
	asked := make([]presented, len(sessionIDs))
	for i, sessionID := range sessionIDs {
		asked[i].sessionID = sessionID
		if len(chosen.clients) > 0 {
			asked[i].client = chosen.clients[i]
		}
	}
	verdicts, missing := make([]Verdict, len(sessionIDs)), make([]int, 0, len(sessionIDs))
	valid := len(sessionIDs) > 0 && len(sessionIDs) <= maxQuestions
	for i, sessionID := range sessionIDs {
		valid = valid && len(sessionID) <= maxSessionIDBytes
		found := false
		if !chosen.strong() {
			verdicts[i], found = w.local(asked[i])
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
		if _, err := w.call(ctx, asked, chosen.strong(), true); err != nil {
			return nil, err
		}
		return nil, &Error{Reason: ReasonUnknown, Code: "INTERNAL", Message: "1 to 256 session_ids can be asked about"}
	}
	if len(missing) == 0 {
		return verdicts, nil
	}
	w.begin()
	w.misses.Add(uint64(len(missing)))
	questions := make([]presented, len(missing))
	for i, place := range missing {
		questions[i] = asked[place]
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
func (w *watcher) stale(question presented, chosen verifyOptions, err error) (Verdict, bool) {
	if chosen.maxStale <= 0 {
		return Verdict{}, false
	}
	failed := err.(*Error)
	if failed.Code != codeName(codes.Unavailable) && failed.Code != codeName(codes.DeadlineExceeded) {
		return Verdict{}, false
	}
	now, maxStaleMs := w.clock(), float64(chosen.maxStale)/1e6
	kept, found := w.machine.Stale(question.sessionID, maxStaleMs, now)
	if !found && question.known() {
		kept, found = w.machine.Stale(question.boundKey(), maxStaleMs, now)
	}
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
func (w *watcher) settle(ctx context.Context, asking []presented, strong, batch bool) []settled {
	ctx, cancel := context.WithTimeout(ctx, w.client.config.timeout)
	defer cancel()
	answers, open := make([]settled, len(asking)), make([]int, len(asking))
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
		questions := make([]presented, len(open))
		for i, place := range open {
			questions[i] = asking[place]
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
func (w *watcher) judge(asked lease.Ask, question presented, verdict Verdict) bool {
	key, facts := question.sessionID, (*lease.SessionFacts[packed])(nil)
	// What is kept for one client is not for another; a no that is about the client says nothing of others.
	if verdict.ClientBound || verdict.Reason == RejectionClientMismatch {
		key = question.boundKey()
	}
	switch {
	case verdict.Active:
		key, facts = w.packer.facts(key, verdict)
	case verdict.Reason != RejectionClientMismatch && question.known():
		// Any other no is about the session, whoever asks.
		w.machine.Answered(asked, question.boundKey(), nil, w.clock())
	}
	use := w.machine.Answered(asked, key, facts, w.clock())
	return use == lease.Kept || use == lease.Used
}

// call makes one call for all questions.
func (w *watcher) call(ctx context.Context, questions []presented, strong, batch bool) ([]Verdict, error) {
	consistency := trustv1.Consistency_CONSISTENCY_BOUNDED
	if strong {
		consistency = trustv1.Consistency_CONSISTENCY_STRONG
	}
	if !batch && len(questions) == 1 {
		request := &trustv1.VerifyRequest{SessionId: sendable(questions[0].sessionID), Consistency: consistency}
		if questions[0].known() {
			request.Client = questions[0].client.message()
		}
		answer, err := call(ctx, w.client, w.client.stubs.session.Verify, request)
		if err != nil {
			return nil, err
		}
		return []Verdict{verdictOf(answer.GetVerdict())}, nil
	}
	request := &trustv1.BatchVerifyRequest{Consistency: consistency}
	for _, question := range questions {
		request.SessionIds = append(request.SessionIds, sendable(question.sessionID))
	}
	if slices.ContainsFunc(questions, presented.known) {
		for _, question := range questions {
			request.Clients = append(request.Clients, question.client.message())
		}
	}
	answer, err := call(ctx, w.client, w.client.stubs.session.BatchVerify, request)
	if err != nil {
		return nil, err
	}
	if len(answer.GetVerdicts()) != len(questions) {
		// Verdicts that cannot be matched to their questions decide nothing.
		return nil, &Error{Reason: ReasonUnknown, Code: "INTERNAL", Message: "not one verdict for each question"}
	}
	verdicts := make([]Verdict, 0, len(questions))
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
