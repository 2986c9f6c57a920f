/** One row a reason: gRPC status code and the sentence that callers read. Held to spec/vectors/error_table.json by test/house. */
export const CATALOG = {
  INVALID_FIELD: { code: 3, message: 'A field is malformed or out of bounds; `google.rpc.BadRequest` names it.' },
  WEAK_PASSWORD: { code: 3, message: 'The password is too easy to guess; `BadRequest` names the field.' },
  INVALID_PAGE_TOKEN: { code: 3, message: 'The page token was not made by this server for this list.' },
  SERVICE_KEY_MISSING: { code: 16, message: 'No service key and no client certificate that names a service.' },
  SERVICE_KEY_REJECTED: { code: 16, message: 'The service key is malformed, unknown, expired or revoked.' },
  CREDENTIAL_REJECTED: {
    code: 16,
    message: 'Wrong password, unknown identifier or disabled identity: one reason for all.',
  },
  SESSION_REJECTED: { code: 16, message: 'The session is not active, so nothing is issued or rotated for it.' },
  TRUST_TOKEN_REJECTED: { code: 16, message: 'The presented Trust Token is not valid for the caller.' },
  SIGN_IN_CODE_REJECTED: {
    code: 16,
    message: 'The sign-in code is unknown, spent, expired or bound to another challenge.',
  },
  SCOPE_MISSING: { code: 7, message: 'The service lacks the scope of this RPC; metadata `scope` names it.' },
  AUDIENCE_NOT_ALLOWED: { code: 7, message: 'The service may not ask for Trust Tokens of this audience.' },
  TENANT_NOT_ALLOWED: { code: 7, message: 'The service belongs to another tenant.' },
  SCOPE_WIDENED: { code: 7, message: 'An exchange asked for a scope that the presented token does not hold.' },
  IDENTITY_NOT_FOUND: { code: 5, message: 'No such identity in the tenant.' },
  SESSION_NOT_FOUND: { code: 5, message: 'No such session in the tenant.' },
  SERVICE_NOT_FOUND: { code: 5, message: 'No such service in the tenant.' },
  SERVICE_KEY_NOT_FOUND: { code: 5, message: 'No such service key in the tenant.' },
  SIGNING_KEY_NOT_FOUND: { code: 5, message: 'No such signing key in the tenant.' },
  TENANT_NOT_FOUND: { code: 5, message: 'No such tenant.' },
  TENANT_SUSPENDED: { code: 9, message: 'The tenant is suspended.' },
  TENANT_EXISTS: { code: 6, message: 'Another tenant has this id or public URL; `BadRequest` names the field.' },
  IDENTIFIER_TAKEN: { code: 6, message: 'Another identity of the tenant has this identifier. Administration only.' },
  IDENTITY_DISABLED: { code: 9, message: 'The identity is disabled. Administration only.' },
  LAST_IDENTIFIER: { code: 9, message: 'The last identifier of an identity cannot be removed.' },
  SERVICE_KEY_LIMIT: { code: 9, message: 'The service already has two live keys; revoke one first.' },
  SIGNING_KEY_STATE: {
    code: 9,
    message: 'The signing key is not in a state that allows this; metadata `state` names its state.',
  },
  ACT_CHAIN_TOO_LONG: { code: 9, message: 'The chain of callers in the Trust Token is at its longest (8).' },
  SIGN_UP_CLOSED: { code: 9, message: 'The tenant does not allow sign-up.' },
  FEATURE_NOT_CONFIGURED: {
    code: 9,
    message: 'The feature is not configured on this server; metadata `feature` names it.',
  },
  CONCURRENT_CHANGE: { code: 10, message: 'The record changed between read and write; read again and retry.' },
  RATE_LIMITED: { code: 8, message: 'Too many calls; `google.rpc.RetryInfo` says when to come back.' },
  HASHING_BUSY: {
    code: 8,
    message: 'The queue of password hashes is full; `google.rpc.RetryInfo` says when to come back.',
  },
  PROOF_OF_WORK_REQUIRED: {
    code: 8,
    message:
      'Many attempts are coming in: solve the challenge in metadata `challenge`, or come back when `google.rpc.RetryInfo` says.',
  },
  DATABASE_UNAVAILABLE: { code: 14, message: 'The database did not answer.' },
  SIGNING_KEY_UNAVAILABLE: { code: 14, message: 'No active signing key could be used.' },
  DRAINING: { code: 14, message: 'The server is shutting down; another node answers.' },
  DEADLINE_EXCEEDED: { code: 4, message: "The work did not finish within the caller's or the server's deadline." },
  WATCH_POSITION_LOST: { code: 11, message: 'The watch position is no longer kept: start again.' },
  RPC_NOT_SERVED: { code: 12, message: 'The RPC is part of the contract but this server version does not serve it.' },
  INTERNAL: {
    code: 13,
    message: "Unexpected; metadata `request_id` finds the server's log line. Nothing else is told.",
  },
  PENDING_SIGN_IN_REJECTED: {
    code: 16,
    message: 'The pending sign-in is unknown, finished, too old, or was answered wrongly too often: start again.',
  },
  STEP_UP_REQUIRED: {
    code: 9,
    message: 'A stronger or fresher sign-in is needed; metadata `acr` and `max_age_seconds` say which.',
  },
  FACTOR_NOT_FOUND: { code: 5, message: 'The identity has no such factor.' },
  FACTOR_LIMIT: { code: 9, message: 'The identity has as many factors of this kind as it may have.' },
  ACTING_SESSION: { code: 7, message: 'Somebody acts in this session for its person, who alone may do this.' },
  SESSION_LIMIT: { code: 9, message: 'The identity has as many sessions as the tenant allows; end one first.' },
  ORGANISATION_NOT_FOUND: { code: 5, message: 'No such organisation in the tenant.' },
  MEMBER_NOT_FOUND: { code: 5, message: 'The identity is no member of the organisation.' },
  ROLE_NOT_FOUND: {
    code: 5,
    message: 'The organisation has no such role; `BadRequest` names the field where one was given.',
  },
  ALREADY_MEMBER: { code: 6, message: 'The identity is a member of the organisation already.' },
  INVITATION_REJECTED: {
    code: 9,
    message: 'The invitation is unknown, accepted, revoked or expired; metadata `state` says which.',
  },
  INVITATION_FOR_ANOTHER: { code: 7, message: 'The invitation is for an address that the identity does not have.' },
  INVITATION_NOT_FOUND: { code: 5, message: 'The organisation has no such invitation.' },
  INVITATION_LIMIT: { code: 9, message: 'As many invitations of the organisation wait as may; revoke some first.' },
  OAUTH_REJECTED: {
    code: 16,
    message:
      "What came back from the provider does not hold, or the sign-in there is unknown, spent, too old or another browser's; metadata `denied` where the provider said no.",
  },
  OAUTH_PROVIDER_UNAVAILABLE: {
    code: 14,
    message: 'The provider did not answer, or not as it should; metadata `provider` names it.',
  },
  ACCOUNT_EXISTS: {
    code: 9,
    message:
      "An identity has the account's e-mail address: sign in to it, then link the account. Metadata `claimable` is `true` where the address was never verified there.",
  },
  ACCOUNT_LINKED: { code: 9, message: 'The account is linked to an identity already.' },
  ACCOUNT_NOT_FOUND: { code: 5, message: 'The identity has no such account, or no tokens are kept of it.' },
  LAST_WAY_IN: { code: 9, message: 'Nothing would be left to sign in with.' },
} as const satisfies Record<string, { code: number; message: string }>;

/** Why a call failed. */
export type Reason = keyof typeof CATALOG;
