import { isUtf8 } from 'node:buffer';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import type { MethodDefinition } from '@grpc/grpc-js';
import { invalidField, type TrustError } from '../errors/trust_error.ts';

/** What a row of the table of methods says about its messages. */
export type MessageRules = {
  /** Longest request in bytes. */
  readonly maxBytes: number;
};

/** Stands in for a request that could not be read. It takes the request's place, so that callers are authenticated first. */
export class Unreadable {
  readonly error: TrustError;

  constructor(description: string) {
    this.error = invalidField('message', description);
  }
}

/** Reads what is sent by callers: proto3 strings are UTF-8, and replacing bad bytes would make different passwords and identifiers equal. */
class StrictReader extends BinaryReader {
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    super(bytes);
    this.#bytes = bytes;
  }

  override string(): string {
    const length = this.uint32();
    const from = this.pos;
    this.pos += length;
    if (this.pos > this.len) throw new Error('too short');
    const text = this.#bytes.toString('utf8', from, this.pos);
    // Bad bytes were replaced by this character; it may also have been sent.
    if (text.includes('\ufffd') && !isUtf8(this.#bytes.subarray(from, this.pos))) throw new Error('not UTF-8');
    return text;
  }
}

/** Reads a request; never throws, since grpc-js would answer INTERNAL. */
export function requestReader(
  definition: MethodDefinition<unknown, unknown>,
  rules: MessageRules,
): (bytes: Buffer) => unknown {
  // The generated decode function takes a reader as well as bytes, and so can be given a strict one.
  const decode = definition.requestDeserialize as unknown as (reader: BinaryReader) => unknown;
  return (bytes) => {
    if (bytes.length > rules.maxBytes) return new Unreadable(`must be at most ${rules.maxBytes} bytes`);
    try {
      return decode(new StrictReader(bytes));
    } catch {
      return new Unreadable('is not a readable message of this RPC');
    }
  };
}
