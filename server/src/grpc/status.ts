import { randomUUID } from 'node:crypto';
import { Metadata } from '@grpc/grpc-js';
import type { Duration } from '../contract/gen/google/protobuf/duration.ts';
import { BadRequest, ErrorInfo, RetryInfo } from '../contract/gen/google/rpc/error_details.ts';
import { Status } from '../contract/gen/google/rpc/status.ts';
import { CATALOG, type Reason } from '../errors/catalog.ts';
import { type FieldViolation, TrustError } from '../errors/trust_error.ts';
import { maskSecrets } from '../log.ts';

export const DOMAIN = 'trust-layer';
export const DETAILS = 'grpc-status-details-bin';

/** A status as grpc-js sends it. */
export type WireStatus = { readonly code: number; readonly details: string; readonly metadata: Metadata };

/** A failed call: what the caller is told, and what only the log is. */
export type Failure = {
  readonly status: WireStatus;
  readonly reason: Reason;
  /** Set for INTERNAL: the caller and the log have it in common. */
  readonly requestId: string | undefined;
};

// Reasons that always name a field or a time (ERR-3, ERR-4), with what is said if the thrower did not.
const NAMES_FIELDS: Partial<Record<Reason, FieldViolation>> = {
  INVALID_FIELD: { field: 'message', description: 'is not valid' },
  WEAK_PASSWORD: { field: 'password', description: 'is too easy to guess' },
  INVALID_PAGE_TOKEN: { field: 'page_token', description: 'was not made by this server for this list' },
};
const NAMES_A_TIME: ReadonlySet<Reason> = new Set<Reason>(['RATE_LIMITED', 'PROOF_OF_WORK_REQUIRED', 'HASHING_BUSY']);
const RETRY_MS = 1_000;

// Clients refuse trailers of more than 8 kB, so everything that grows with the request is cut.
const MAX_FIELDS = 12;
const MAX_TEXT_BYTES = 128;
const MAX_METADATA = 6;
/** A challenge is ours, and of no use in part. */
const MAX_CHALLENGE_BYTES = 1_024;

const clean = (text: string, most = MAX_TEXT_BYTES) => Buffer.from(maskSecrets(text)).subarray(0, most).toString();

/** Translates any failure of a handler into its status. Everything but a TrustError leaves as INTERNAL with a request_id only. */
export function failureOf(error: unknown, newRequestId: () => string = randomUUID): Failure {
  if (error instanceof TrustError && error.reason !== 'INTERNAL' && Object.hasOwn(CATALOG, error.reason)) {
    return { status: statusOf(error), reason: error.reason, requestId: undefined };
  }
  const requestId = newRequestId();
  const internal = new TrustError('INTERNAL', { metadata: { request_id: requestId } });
  return { status: statusOf(internal), reason: 'INTERNAL', requestId };
}

/** The status of a TrustError: code and sentence of the catalog, google.rpc details in a trailer (ERR-1 to ERR-4). */
export function statusOf(error: TrustError): WireStatus {
  const { code, message } = CATALOG[error.reason];
  const metadata = new Metadata();
  metadata.set(DETAILS, Buffer.from(Status.encode({ code, message, details: detailsOf(error) }).finish()));
  return { code, details: message, metadata };
}

function detailsOf(error: TrustError): { typeUrl: string; value: Buffer }[] {
  const metadata = Object.fromEntries(
    Object.entries(error.metadata)
      .slice(0, MAX_METADATA)
      .map(([key, value]) => [clean(key), clean(value, key === 'challenge' ? MAX_CHALLENGE_BYTES : undefined)]),
  );
  const details = [any('ErrorInfo', ErrorInfo.encode({ reason: error.reason, domain: DOMAIN, metadata }))];
  const missing = NAMES_FIELDS[error.reason];
  const fields = error.fields.length === 0 && missing !== undefined ? [missing] : error.fields;
  if (fields.length > 0) {
    const fieldViolations = fields.slice(0, MAX_FIELDS).map(({ field, description }) => ({
      field: clean(field),
      description: clean(description),
      reason: '',
      localizedMessage: undefined,
    }));
    details.push(any('BadRequest', BadRequest.encode({ fieldViolations })));
  }
  const retryMs = error.retryAfterMs ?? (NAMES_A_TIME.has(error.reason) ? RETRY_MS : undefined);
  if (retryMs !== undefined) details.push(any('RetryInfo', RetryInfo.encode({ retryDelay: durationOf(retryMs) })));
  return details;
}

function any(type: string, writer: { finish(): Uint8Array }): { typeUrl: string; value: Buffer } {
  return { typeUrl: `type.googleapis.com/google.rpc.${type}`, value: Buffer.from(writer.finish()) };
}

function durationOf(ms: number): Duration {
  const whole = Math.ceil(Math.min(Math.max(0, Number.isNaN(ms) ? RETRY_MS : ms), 86_400_000));
  return { seconds: BigInt(Math.floor(whole / 1_000)), nanos: (whole % 1_000) * 1_000_000 };
}
