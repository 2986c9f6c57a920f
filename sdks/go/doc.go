// Package trustlayer is the Go SDK of the Trust Layer: it turns the session_id of a browser or app into facts that a
// backend may rely on, and verifies Trust Tokens between backends without a call.
//
//   - [TrustClient] calls the Trust Layer: [TrustClient.Verify], and one method for each unary RPC of the contract.
//     What it has learnt it answers from memory while it holds a lease: no yes outlives a revocation by more than 2 s.
//   - [Verifier] checks Trust Tokens offline, with keys of a [KeySource]; [WithWatch] makes it see revocations too.
//   - Package middleware/nethttp serves net/http, package middleware/grpctrust serves gRPC.
//
// Whatever is not a clear yes is a no: the zero value of every type denies, and an error means that no decision was made,
// which its receiver treats as a denial. The rules are those of the standard in the folder spec of the repository; their
// numbers stand in brackets, such as [SDK-2].
//
// [SDK-2]: https://github.com/trust-layer/trust-layer/blob/main/spec/08_sdks.md
package trustlayer
