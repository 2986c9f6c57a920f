// Equal to spec/vectors/service_config.json (a test holds them together): round robin, and retries of calls that may
// be repeated without harm. Calls that create are not in it (SDK-4).

const RETRIED: Readonly<Record<string, readonly string[]>> = {
  'trust.v1.SessionService': ['Verify', 'BatchVerify', 'ListSessions', 'RevokeSession'],
  'trust.v1.TrustTokenService': ['GetTrustKeys', 'IssueTrustToken', 'ExchangeTrustToken'],
  'trust.v1.IdentityService': ['GetIdentity', 'FindIdentity', 'ListIdentities'],
  'trust.v1.ServiceKeyService': ['ListServices', 'ListServiceKeys'],
  'trust.v1.SigningKeyService': ['ListSigningKeys'],
  'trust.v1.TenantService': ['GetTenant'],
  'trust.v1.AuditService': ['ListAuditEvents'],
};

/** The gRPC service config of every channel (source: spec/vectors/service_config.json). */
export const SERVICE_CONFIG = {
  loadBalancingConfig: [{ round_robin: {} }],
  methodConfig: [
    {
      name: Object.entries(RETRIED).flatMap(([service, methods]) => methods.map((method) => ({ service, method }))),
      retryPolicy: {
        maxAttempts: 5,
        initialBackoff: '0.05s',
        maxBackoff: '0.5s',
        backoffMultiplier: 2,
        retryableStatusCodes: ['UNAVAILABLE'],
      },
    },
  ],
};
