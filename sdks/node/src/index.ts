// Public API of @trust-layer/sdk. Middleware is at /express, /fastify and /grpc.
export type { TlsOptions } from './channel.ts';
export type { ActClaim, TrustTokenClaims } from './claims.ts';
export type { BatchVerifyOptions, TrustClientOptions, VerifyOptions } from './client_options.ts';
export type { Log } from './cookies.ts';
export {
  type FieldError,
  type TrustErrorReason,
  TrustLayerError,
  TrustTokenError,
  type TrustTokenErrorCode,
} from './errors.ts';
export * from './gen/messages.ts';
export { type RpcName, rpcNames } from './gen/rpcs.ts';
export type { TrustKey as PublishedTrustKey } from './gen/trust/v1/trust_token.ts';
export {
  type Jwks,
  JwksKeySource,
  type JwksKeySourceOptions,
  type KeySource,
  StaticKeySource,
  type TrustAlgorithm,
  type TrustKey,
  WatchKeySource,
} from './key_source.ts';
export type { Notice, TokenFacts } from './lease/facts.ts';
export type { TokenDecision } from './lease/machine.ts';
export type { Reading } from './lease/reading.ts';
export { TRUST_TOKEN_HEADER, VerifiedTrustToken } from './request_token.ts';
export { RequestTrust, type SessionOptions, type TrustOutcome } from './request_trust.ts';
export { safeReturnPath } from './return_path.ts';
export type { CallOptions, Input } from './rpc.ts';
export { isServiceKey, isSessionId, isSignInCode } from './session_id.ts';
export { type FlowAnswer, type FlowRequest, SignInFlow, type SignInFlowOptions } from './sign_in_flow.ts';
export { TrustClient } from './trust_client.ts';
export type { ActiveVerdict, RejectedVerdict, RejectionReason, Verdict } from './verdict.ts';
export { Verifier, type VerifierOptions } from './verifier.ts';
export type { Clocks } from './watch/clocks.ts';
export type { TrustTokenOptions } from './watch/issued_tokens.ts';
export type { ChangeNotice, RevokedReason, WatchedSession } from './watch/listeners.ts';
export type { WatchMetrics } from './watch/watcher.ts';
