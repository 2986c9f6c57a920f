package trustlayer

import trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"

// ClientFacts is what a backend sees of the client that presents a session_id. Sessions that are bound to their network or
// device are judged by it (SES-16). Empty means not known.
type ClientFacts struct {
	// IPAddress is the address that the backend takes for true: never an unchecked header.
	IPAddress string
	// UserAgent is the User-Agent header, at most 512 bytes.
	UserAgent string
}

func (f ClientFacts) message() *trustv1.ClientFacts {
	return &trustv1.ClientFacts{IpAddress: sendable(f.IPAddress), UserAgent: sendable(f.UserAgent)}
}

// presented is one question: a session_id, and who presents it.
type presented struct {
	sessionID string
	client    ClientFacts
}

// boundKey is what an answer about a bound session depends on, as one text. No session_id and no address holds a line break.
func (p presented) boundKey() string {
	return p.sessionID + "\n" + p.client.IPAddress + "\n" + p.client.UserAgent
}

func (p presented) known() bool { return p.client != ClientFacts{} }
