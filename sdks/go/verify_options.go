package trustlayer

import (
	"time"

	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
)

type verifyOptions struct {
	consistency trustv1.Consistency
	maxStale    time.Duration
	client      ClientFacts
	clients     []ClientFacts
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

// From says who presents the session_id. A session that is bound to its network or device is rejected without it. The
// middleware gives it.
func From(client ClientFacts) VerifyOption {
	return func(o *verifyOptions) { o.client = client }
}

// FromEach is [From] for [TrustClient.BatchVerify]: one for each session_id, in their order.
func FromEach(clients ...ClientFacts) VerifyOption {
	return func(o *verifyOptions) { o.clients = clients }
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
