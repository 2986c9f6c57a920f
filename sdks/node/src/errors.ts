// The two errors of the SDK. Either means that nothing was accepted: treat it as a denial (TERM-1).
import { type StatusObject, status as statusCodes } from '@grpc/grpc-js';
import { BadRequest, ErrorInfo, RetryInfo } from './gen/google/rpc/error_details.ts';
import { Status } from './gen/google/rpc/status.ts';
import type { ErrorReason } from './gen/trust/v1/error_reason.ts';

/** `domain` of the `google.rpc.ErrorInfo` in every error status of the Trust Layer (ERR-1). */
export const ERROR_DOMAIN = 'trust-layer';

const DETAILS = 'grpc-status-details-bin';
const TYPE_URL = 'type.googleapis.com/google.rpc.';
const REASON = /^[A-Z][A-Z0-9_]{0,62}$/;

/**
 * Why a call failed: a row of `spec/vectors/error_table.json`, or, where the status came without one, `UNREACHABLE`,
 * `DEADLINE_EXCEEDED`, `CANCELLED` or `UNKNOWN` (ERR-7). A newer server may send reasons that are not listed here.
 */
export type TrustErrorReason =
  | Exclude<keyof typeof ErrorReason, 'UNSPECIFIED'>
  | 'UNREACHABLE'
  | 'CANCELLED'
  | 'KEYS_UNAVAILABLE'
  | 'LEASE_LOST'
  | 'UNKNOWN'
  | (string & {});

/** One refused field of a request (`google.rpc.BadRequest`). */
export interface FieldError {
  /** Path of the field in the request, such as `device.user_agent` or `identifiers[2].value`. */
  readonly field: string;
  /** What is wrong with it. Never holds the refused value. */
  readonly description: string;
}

/** What a `TrustLayerError` is made of. */
export interface TrustLayerErrorFacts {
  readonly reason: TrustErrorReason;
  /** Name of the gRPC status code, such as `UNAUTHENTICATED`. */
  readonly code: string;
  readonly message?: string;
  readonly fields?: readonly FieldError[];
  readonly retryAfterMs?: number | undefined;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A call that failed: no decision was made, so nothing is allowed (spec/05_errors.md, ERR-7). Holds no secret. */
export class TrustLayerError extends Error {
  override readonly name = 'TrustLayerError';
  /** Why; decide by this. */
  readonly reason: TrustErrorReason;
  /** Name of the gRPC status code, such as `UNAVAILABLE`. */
  readonly code: string;
  /** Refused fields; empty unless the reason is about fields. */
  readonly fields: readonly FieldError[];
  /** Milliseconds to wait before the next try; `undefined` if the server named none (`google.rpc.RetryInfo`). */
  readonly retryAfterMs: number | undefined;
  /** Further facts by name, such as `request_id` or `scope`. */
  readonly metadata: Readonly<Record<string, string>>;

  constructor(facts: TrustLayerErrorFacts) {
    const names = (facts.fields ?? []).map((field) => field.field).join(', ');
    super(
      `${facts.reason} (${facts.code})${names === '' ? '' : ` in ${names}`}${facts.message ? `: ${facts.message}` : ''}`,
    );
    this.reason = facts.reason;
    this.code = facts.code;
    this.fields = facts.fields ?? [];
    this.retryAfterMs = facts.retryAfterMs;
    this.metadata = facts.metadata ?? {};
  }
}

/** Codes of the checks of spec/03_trust_tokens.md, in their order. */
export type TrustTokenErrorCode =
  | 'TOKEN_SIZE'
  | 'TOKEN_MALFORMED'
  | 'TOKEN_HEADER'
  | 'TOKEN_TYPE'
  | 'TOKEN_ALGORITHM'
  | 'KEYS_UNAVAILABLE'
  | 'TOKEN_KEY_UNKNOWN'
  | 'TOKEN_SIGNATURE'
  | 'TOKEN_CLAIMS'
  | 'TOKEN_ISSUER'
  | 'TOKEN_AUDIENCE'
  | 'TOKEN_TENANT'
  | 'TOKEN_LIFETIME'
  | 'TOKEN_NOT_YET_VALID'
  | 'TOKEN_EXPIRED'
  | 'TOKEN_REVOKED'
  | 'LEASE_LOST';

const UNDECIDED = {
  KEYS_UNAVAILABLE: 'the keys could not be read',
  LEASE_LOST: 'the Trust Token may have been revoked meanwhile',
};

/** A Trust Token was refused, or could not be judged. Never holds the token nor a piece of it. */
export class TrustTokenError extends Error {
  override readonly name = 'TrustTokenError';
  /**
   * Where nothing was decided, `KEYS_UNAVAILABLE` (the keys could not be read) or `LEASE_LOST` (a revocation may be
   * unknown here); else the token is refused.
   */
  readonly reason: 'TRUST_TOKEN_REJECTED' | 'KEYS_UNAVAILABLE' | 'LEASE_LOST';
  /** The first check that failed. */
  readonly code: TrustTokenErrorCode;

  constructor(code: TrustTokenErrorCode) {
    const undecided = code === 'KEYS_UNAVAILABLE' || code === 'LEASE_LOST' ? code : undefined;
    super(`${code}: ${undecided === undefined ? 'the Trust Token was refused' : UNDECIDED[undecided]}`);
    this.reason = undecided ?? 'TRUST_TOKEN_REJECTED';
    this.code = code;
  }
}

// What a careless proxy or server could echo: our own secrets by their form, JWS and bearer values.
const SECRET_FORMS = /\b(?:t[scpd]|tlk)_[0-9A-Za-z_]{8,}|\beyJ[\w-]+(?:\.[\w-]*)*|\bBearer\s+\S+/gi;

function redact(text: string, secrets: readonly string[]): string {
  // A secret that is a plain word stays: blotting out `password` where the server explains would tell the password.
  const own = secrets.filter((secret) => secret.length >= 4 && !/^[a-z]+$/i.test(secret));
  // Longest first, so that no piece of a longer secret is left behind.
  own.sort((a, b) => b.length - a.length);
  return own.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text).replace(SECRET_FORMS, '[redacted]');
}

// Details that speak of another code than the status itself were not made for it.
function detailsOf({ code, metadata }: StatusObject): Status['details'] {
  const [value] = metadata.get(DETAILS);
  const details = Buffer.isBuffer(value) ? Status.decode(value) : undefined;
  return details?.code === code ? details.details : [];
}

function reasonOf(code: number): TrustErrorReason {
  switch (code) {
    case statusCodes.UNAVAILABLE:
      return 'UNREACHABLE';
    case statusCodes.DEADLINE_EXCEEDED:
      return 'DEADLINE_EXCEEDED';
    case statusCodes.CANCELLED:
      return 'CANCELLED';
    default:
      return 'UNKNOWN';
  }
}

/**
 * Reads a gRPC status into the one error type of the SDK. Anything that cannot be read counts as absent.
 * @param failed - the status as grpc-js gives it
 * @param secrets - the secrets of the call; each is blotted out of every text
 */
export function toTrustLayerError(failed: StatusObject, secrets: readonly string[] = []): TrustLayerError {
  let info: ErrorInfo | undefined;
  let fields: FieldError[] = [];
  let retryAfterMs: number | undefined;
  try {
    for (const { typeUrl, value } of detailsOf(failed)) {
      if (typeUrl === `${TYPE_URL}ErrorInfo`) {
        const candidate = ErrorInfo.decode(value);
        info ??= candidate.domain === ERROR_DOMAIN ? candidate : undefined;
      } else if (typeUrl === `${TYPE_URL}BadRequest`) {
        fields = BadRequest.decode(value).fieldViolations.map(({ field, description }) => ({
          field: redact(field, secrets),
          description: redact(description, secrets),
        }));
      } else if (typeUrl === `${TYPE_URL}RetryInfo`) {
        const delay = RetryInfo.decode(value).retryDelay;
        retryAfterMs = delay && Math.max(0, Number(delay.seconds) * 1000 + Math.ceil(delay.nanos / 1e6));
      }
    }
  } catch {
    // A detail that cannot be decoded says nothing; what was read before it stands.
  }
  return new TrustLayerError({
    reason: info && REASON.test(info.reason) ? info.reason : info ? 'UNKNOWN' : reasonOf(failed.code),
    code: statusCodes[failed.code] ?? 'UNKNOWN',
    // The words of the server add nothing to a reason of its own; those of the transport say what went wrong.
    message: info === undefined ? redact(failed.details, secrets) : '',
    fields,
    retryAfterMs,
    metadata: Object.fromEntries(Object.entries(info?.metadata ?? {}).map(([k, v]) => [k, redact(v, secrets)])),
  });
}
