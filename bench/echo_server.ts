// The baseline: a grpc-js server that answers Verify or BatchVerify with the bytes on its standard input and does nothing else. Prints its address.
import { buffer } from 'node:stream/consumers';
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';

const reply = await buffer(process.stdin);
const name = process.argv[2] ?? 'Verify';
const bytes = (value: Buffer) => value;
const verify = {
  path: `/trust.v1.SessionService/${name}`,
  requestStream: false,
  responseStream: false,
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
} as const;

const server = new Server({ 'grpc.enable_channelz': 0 });
server.addService(
  { verify },
  {
    verify: (_call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) => callback(null, reply),
  },
);
server.bindAsync(`127.0.0.1:${process.env.PORT ?? 0}`, ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.stdout.write(`127.0.0.1:${port}\n`);
});
process.once('SIGTERM', () => server.forceShutdown());
