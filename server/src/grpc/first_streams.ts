import type { Http2Server, ServerHttp2Stream } from 'node:http2';

/** From so many objects of a class V8 learns how many properties have their place in the object itself. */
const CONSTRUCTIONS = 7;

/**
 * Holds the first streams of a server for good, without their listeners. A full collection that finds no stream makes V8 forget what streams grow
 * to. While it still learns that, as after a collection at the start, it gives all later streams too little room, and each becomes a dictionary: an
 * access to it is then never compiled (docs/decisions/engine.md).
 */
export function holdFirstStreams(server: Http2Server): void {
  const held: ServerHttp2Stream[] = [];
  const hold = (stream: ServerHttp2Stream) => {
    if (held.push(stream) === CONSTRUCTIONS) server.off('stream', hold);
    // After all others have heard it. What they listen with knows the call.
    stream.once('close', () => setImmediate(() => stream.removeAllListeners()));
  };
  server.prependListener('stream', hold);
  Object.defineProperty(server, 'firstStreams', { value: held });
}
