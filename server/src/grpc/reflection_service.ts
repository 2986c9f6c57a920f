import type { Server, ServerDuplexStream } from '@grpc/grpc-js';
import { invalidField, TrustError } from '../errors/trust_error.ts';
import type { OpenStreams } from './open_streams.ts';
import type { ReflectionAnswers } from './reflection.ts';
import { statusOf } from './status.ts';

export const REFLECTION_VERSIONS = ['v1', 'v1alpha'] as const;

/** A stream that asks nothing any more is ended after this time, in milliseconds. */
const IDLE_MS = 60_000;

const asTheyAre = (bytes: Buffer): Buffer => bytes;

type Stream = ServerDuplexStream<Buffer, Buffer>;

/** Serves grpc.reflection v1 and v1alpha. Needs no service key: the contract is public. The descriptors, 9 MB of memory, are loaded by the first who asks. */
export function addReflection(server: Server, streams: OpenStreams, services: readonly string[]): void {
  let loaded: Promise<ReturnType<typeof import('./reflection.ts').reflectionAnswers>> | undefined;
  const load = () => {
    loaded ??= import('./reflection.ts').then(({ reflectionAnswers }) => reflectionAnswers(services));
    return loaded;
  };
  for (const version of REFLECTION_VERSIONS) {
    const method = {
      path: `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
      requestStream: true,
      responseStream: true,
      requestSerialize: asTheyAre,
      requestDeserialize: asTheyAre,
      responseSerialize: asTheyAre,
      responseDeserialize: asTheyAre,
    };
    const serverReflectionInfo = (call: Stream) => {
      streams.add(call);
      load().then(
        (answers) => answerStream(call, answers(version)),
        (cause: unknown) => call.emit('error', statusOf(new TrustError('INTERNAL', { cause }))),
      );
    };
    server.addService({ serverReflectionInfo: method }, { serverReflectionInfo });
  }
}

function answerStream(call: Stream, answer: ReflectionAnswers): void {
  const sent = new Set<string>();
  const idle = setTimeout(() => call.end(), IDLE_MS);
  for (const event of ['close', 'cancelled', 'finish']) call.once(event, () => clearTimeout(idle));
  const read = (request: Buffer) => {
    idle.refresh();
    try {
      call.write(answer(request, sent));
    } catch {
      call.off('data', read);
      call.emit('error', statusOf(invalidField('message', 'is not a readable message of this RPC')));
    }
  };
  call.on('data', read);
  call.on('end', () => call.end());
}
