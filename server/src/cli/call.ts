import {
  type DescMethod,
  fromBinary,
  fromJsonString,
  type JsonValue,
  type MessageShape,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { Metadata, type ServiceError } from '@grpc/grpc-js';
import type { CliIo } from './actions.ts';
import { type ChannelFlags, openChannel, readFile } from './channel.ts';
import { type Contract, findMethod, loadContract } from './contract.ts';
import { Silent, UsageError } from './exit.ts';
import { failureSentence, readFailure } from './failure.ts';

export type CallFlags = ChannelFlags & { readonly keyFile?: string; readonly timeout: number; readonly json?: boolean };

/** Calls any unary RPC of the contract: JSON in, JSON out (proto3 JSON with the field names of the contract). */
export async function call(methodName: string, input: string | undefined, flags: CallFlags, io: CliIo): Promise<void> {
  const json = await ask(methodName, input, flags, io);
  io.out(`${JSON.stringify(json, null, flags.json === true ? 0 : 2)}\n`);
}

/** The answer of an RPC as JSON; a failure is told on standard error already. */
export async function ask(
  methodName: string,
  input: string | undefined,
  flags: CallFlags,
  io: CliIo,
): Promise<JsonValue> {
  const contract = loadContract();
  const method = methodOf(contract, methodName);
  const request = readRequest(contract, method, input === '-' ? await io.readStdin() : (input ?? '{}'));
  const metadata = new Metadata();
  const key = serviceKey(flags, io.env);
  if (key !== undefined) metadata.set('authorization', `Bearer ${key}`);
  const { client, target } = openChannel(flags, io.env);
  try {
    const answer = await new Promise<MessageShape<typeof method.output>>((resolve, reject) => {
      client.makeUnaryRequest(
        `/${method.parent.typeName}/${method.name}`,
        (message) => Buffer.from(toBinary(method.input, message)),
        (bytes: Buffer) => fromBinary(method.output, bytes),
        request,
        metadata,
        { deadline: Date.now() + flags.timeout },
        (error, value) => (error === null && value !== undefined ? resolve(value) : reject(error)),
      );
    });
    return toJson(method.output, answer, {
      registry: contract.registry,
      useProtoFieldName: true,
      alwaysEmitImplicit: true,
    });
  } catch (error) {
    const failure = readFailure(error as ServiceError);
    io.err(flags.json === true ? `${JSON.stringify({ error: failure })}\n` : `${failureSentence(failure, target)}\n`);
    throw new Silent(failure.reason);
  } finally {
    client.close();
  }
}

function methodOf(contract: Contract, name: string): DescMethod {
  try {
    return findMethod(contract, name);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** Reads the request; the error names the field but never its value, which may be a secret. */
function readRequest({ registry }: Contract, { input }: DescMethod, text: string) {
  try {
    return fromJsonString(input, text, { registry });
  } catch (error) {
    const field = /(?:cannot decode|decode) field ([\w.]+)/.exec((error as Error).message)?.[1];
    const unknown = /key "(\w{1,64})" is unknown/.exec((error as Error).message)?.[1];
    if (unknown !== undefined)
      throw new UsageError(`${input.name} has no field ${unknown}; it has ${fieldNames(input)}.`);
    if (field !== undefined) throw new UsageError(`The value of ${field} is not of its type.`);
    throw new UsageError(`The request must be one JSON object of the fields of ${input.name}: ${fieldNames(input)}.`);
  }
}

const fieldNames = ({ fields }: DescMethod['input']) => fields.map(({ name }) => name).join(', ') || 'none';

/** A key is never an argument: those are seen by every process of the machine. */
function serviceKey({ keyFile }: CallFlags, env: CliIo['env']): string | undefined {
  const path = keyFile ?? (env.TRUST_SERVICE_KEY ? undefined : env.TRUST_SERVICE_KEY_FILE);
  const key = path === undefined ? env.TRUST_SERVICE_KEY : readFile(path).toString('utf8').trim();
  if (key === undefined || key === '') return undefined;
  if (!/^[\x21-\x7e]{1,256}$/.test(key)) throw new UsageError('The service key is not one word of ASCII.');
  return key;
}
