// Trust Tokens between gRPC services on grpc-js.
import { Metadata, ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js';
import { ERROR_DOMAIN, TrustTokenError } from '../errors.ts';
import { ErrorInfo } from '../gen/google/rpc/error_details.ts';
import { Status } from '../gen/google/rpc/status.ts';
import { TRUST_TOKEN_HEADER, type VerifiedTrustToken, verifyTokenOf } from '../request_token.ts';
import type { Verifier } from '../verifier.ts';

export type { VerifiedTrustToken } from '../request_token.ts';

/** Options of `trustTokenInterceptor`. */
export interface TrustTokenInterceptorOptions {
  /** Full methods that need no token, such as `/grpc.health.v1.Health/Check`. Default: none. */
  readonly except?: readonly string[] | undefined;
  /**
   * Permissions by full method, such as `{ '/shop.v1.Orders/Cancel': 'orders:write' }`: a token that does not hold the
   * one of its method is answered PERMISSION_DENIED (SDK-26). A method that is not named needs none.
   */
  readonly permissions?: Readonly<Record<string, string>> | undefined;
}

// Keyed by the metadata object of the call: nothing that a caller sends can put an entry here.
const verified = new WeakMap<Metadata, VerifiedTrustToken>();

type Refusal = { readonly code: status; readonly details: string; readonly metadata: Metadata };

function refusal(error: unknown): Refusal {
  const check = error instanceof TrustTokenError ? error : new TrustTokenError('KEYS_UNAVAILABLE');
  const code = check.reason === 'TRUST_TOKEN_REJECTED' ? status.UNAUTHENTICATED : status.UNAVAILABLE;
  return refused(code, check.message, check.reason, { check: check.code });
}

function refused(code: status, message: string, reason: string, facts: Record<string, string>): Refusal {
  const info = { reason, domain: ERROR_DOMAIN, metadata: facts };
  const value = Buffer.from(ErrorInfo.encode(info).finish());
  const details = { typeUrl: 'type.googleapis.com/google.rpc.ErrorInfo', value };
  const metadata = new Metadata();
  const encoded = Status.encode({ code, message, details: [details] }).finish();
  metadata.set('grpc-status-details-bin', Buffer.from(encoded));
  return { code, details: message, metadata };
}

/**
 * Server interceptor that lets only calls with exactly one valid `trust-token` pass (SDK-22), unary and streaming.
 * Others end with UNAUTHENTICATED and reason `TRUST_TOKEN_REJECTED`, or, while nothing can be decided, UNAVAILABLE and
 * `KEYS_UNAVAILABLE` or `LEASE_LOST`. The handler gets the token by `trustTokenOf(call)`.
 */
export function trustTokenInterceptor(
  verifier: Pick<Verifier, 'verify'>,
  options: TrustTokenInterceptorOptions = {},
): ServerInterceptor {
  const except = new Set(options.except);
  const permissions = new Map(Object.entries(options.permissions ?? {}));
  return (method, call) =>
    new ServerInterceptingCall(call, {
      start: (next) => {
        if (except.has(method.path)) {
          next();
          return;
        }
        next({
          onReceiveMetadata: (metadata, pass) => {
            const values = metadata.get(TRUST_TOKEN_HEADER).map(String);
            verifyTokenOf(verifier, values).then(
              (token) => {
                const permission = permissions.get(method.path);
                if (permission !== undefined && !token.claims.permissions?.includes(permission)) {
                  call.sendStatus(
                    refused(status.PERMISSION_DENIED, 'not permitted', 'PERMISSION_MISSING', { permission }),
                  );
                  return;
                }
                verified.set(metadata, token);
                pass(metadata);
              },
              (error: unknown) => call.sendStatus(refusal(error)),
            );
          },
        });
      },
    });
}

/**
 * The Trust Token of a call that `trustTokenInterceptor` let pass.
 * @returns `undefined` if no interceptor has verified one
 */
export function trustTokenOf(call: { readonly metadata: Metadata }): VerifiedTrustToken | undefined {
  return verified.get(call.metadata);
}

/**
 * Puts a Trust Token into the metadata of a call, in place of any other.
 * @param token - from `issueTrustToken` or `exchangeTrustToken`
 * @param metadata - changed and returned; new if absent
 * @throws TypeError if `token` is not a JWS in compact form of at most 8,192 bytes; the text does not hold it
 */
export function withTrustToken(token: string, metadata: Metadata = new Metadata()): Metadata {
  if (typeof token !== 'string' || token.length > 8_192 || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) {
    throw new TypeError('token must be a JWS in compact form of at most 8,192 bytes');
  }
  metadata.set(TRUST_TOKEN_HEADER, token);
  return metadata;
}
