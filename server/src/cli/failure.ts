import { type ServiceError, status } from '@grpc/grpc-js';
import { BadRequest, ErrorInfo, RetryInfo } from '../contract/gen/google/rpc/error_details.ts';
import { Status } from '../contract/gen/google/rpc/status.ts';

/** A failed call as ERR-7 has it. */
export type CallFailure = {
  readonly reason: string;
  readonly code: string;
  readonly message: string;
  readonly fields: readonly { readonly field: string; readonly description: string }[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly retry_after_ms: number | undefined;
};

const DOMAIN = 'trust-layer';

/** Reads the details of a status; without an ErrorInfo of our domain the reason follows from the code. */
export function readFailure(error: ServiceError): CallFailure {
  const code = status[error.code] ?? 'UNKNOWN';
  const plain: CallFailure = {
    reason: reasonOf(error.code),
    code,
    message: error.details,
    fields: [],
    metadata: {},
    retry_after_ms: undefined,
  };
  const [bytes] = error.metadata?.get('grpc-status-details-bin') ?? [];
  if (!Buffer.isBuffer(bytes)) return plain;
  try {
    const found = new Map(
      Status.decode(bytes).details.map(({ typeUrl, value }) => [typeUrl.slice(typeUrl.lastIndexOf('.') + 1), value]),
    );
    const info = ErrorInfo.decode(found.get('ErrorInfo') ?? Buffer.alloc(0));
    if (info.domain !== DOMAIN) return plain;
    const retry = found.has('RetryInfo')
      ? RetryInfo.decode(found.get('RetryInfo') ?? Buffer.alloc(0)).retryDelay
      : undefined;
    return {
      ...plain,
      reason: info.reason,
      fields: BadRequest.decode(found.get('BadRequest') ?? Buffer.alloc(0)).fieldViolations.map(
        ({ field, description }) => ({ field, description }),
      ),
      metadata: { ...info.metadata },
      retry_after_ms: retry === undefined ? undefined : Number(retry.seconds) * 1_000 + retry.nanos / 1_000_000,
    };
  } catch {
    return plain;
  }
}

function reasonOf(code: number): string {
  if (code === status.UNAVAILABLE) return 'UNREACHABLE';
  if (code === status.DEADLINE_EXCEEDED) return 'DEADLINE_EXCEEDED';
  return code === status.CANCELLED ? 'CANCELLED' : 'UNKNOWN';
}

/** One sentence for people. */
export function failureSentence(failure: CallFailure, target: string): string {
  const { reason, code, message, fields, metadata, retry_after_ms: retry } = failure;
  if (reason === 'UNREACHABLE') return `No Trust Layer answers at ${target} (${code}): ${message}`;
  const parts = [`${reason} (${code}): ${message}`];
  if (fields.length > 0)
    parts.push(`Fields: ${fields.map(({ field, description }) => `${field} ${description}`).join('; ')}.`);
  const facts = Object.entries(metadata);
  if (facts.length > 0) parts.push(`(${facts.map(([key, value]) => `${key}=${value}`).join(', ')})`);
  if (retry !== undefined) parts.push(`Try again in ${retry / 1_000} s.`);
  return parts.join(' ');
}
