import { readFileSync } from 'node:fs';
import { createFileRegistry, type DescFile, type FileRegistry, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { status } from '@grpc/grpc-js';
import { sourceFile } from '../kernel/source_file.ts';
import type { REFLECTION_VERSIONS } from './reflection_service.ts';
import { healthService, reflectionService } from './standard_files.ts';

type Request = {
  readonly message_request?: string;
  readonly file_by_filename?: string;
  readonly file_containing_symbol?: string;
  readonly file_containing_extension?: { readonly containing_type: string; readonly extension_number: number };
  readonly all_extension_numbers_of_type?: string;
};

/** Answers one request of a stream. `sent` holds the files that the stream was sent already. Throws on what is no request. */
export type ReflectionAnswers = (request: Buffer, sent: Set<string>) => Buffer;

function registryOf(standard: readonly FileDescriptorProto[]): FileRegistry {
  const contract = fromBinary(FileDescriptorSetSchema, readFileSync(sourceFile('contract/gen/descriptor.binpb')));
  return createFileRegistry({ ...contract, file: [...contract.file, ...standard] });
}

/** What grpc.reflection answers in each of its versions, from the descriptors that buf built, imports included. */
export function reflectionAnswers(
  services: readonly string[],
): (version: (typeof REFLECTION_VERSIONS)[number]) => ReflectionAnswers {
  const protocols = { v1: reflectionService('v1'), v1alpha: reflectionService('v1alpha') };
  const standard = [healthService(), protocols.v1, protocols.v1alpha];
  const registry = registryOf(standard.map(({ file }) => file));
  const names = [...services, ...standard.map(({ name }) => name)];
  return (version) => {
    const method = protocols[version].definition.ServerReflectionInfo;
    if (method === undefined) throw new Error(`grpc.reflection.${version} could not be loaded.`);
    return (bytes, sent) => {
      const request: Request = method.requestDeserialize(bytes);
      return method.responseSerialize({ original_request: request, ...answerTo(request, registry, names, sent) });
    };
  };
}

function answerTo(request: Request, registry: FileRegistry, services: readonly string[], sent: Set<string>): object {
  switch (request.message_request) {
    case 'list_services':
      return { list_services_response: { service: services.map((name) => ({ name })) } };
    case 'file_by_filename':
      return filesAnswer(registry.getFile(request.file_by_filename ?? ''), sent);
    case 'file_containing_symbol':
      return filesAnswer(fileOfSymbol(registry, request.file_containing_symbol ?? ''), sent);
    case 'file_containing_extension':
      return notFound('No such extension.');
    case 'all_extension_numbers_of_type': {
      const name = request.all_extension_numbers_of_type ?? '';
      if (registry.getMessage(name) === undefined) return notFound('No such message.');
      return { all_extension_numbers_response: { base_type_name: name, extension_number: [] } };
    }
    default:
      return {
        error_response: { error_code: status.INVALID_ARGUMENT, error_message: 'The request asks for nothing known.' },
      };
  }
}

/** The file of a message, enum, service, or of a method or field of one. */
function fileOfSymbol(registry: FileRegistry, symbol: string): DescFile | undefined {
  const found = registry.get(symbol) ?? registry.get(symbol.slice(0, Math.max(0, symbol.lastIndexOf('.'))));
  if (found === undefined) return undefined;
  if (found.typeName === symbol) return found.file;
  const member = symbol.slice(symbol.lastIndexOf('.') + 1);
  if (found.kind === 'service') return found.methods.some(({ name }) => name === member) ? found.file : undefined;
  if (found.kind === 'message') return found.fields.some(({ name }) => name === member) ? found.file : undefined;
  return undefined;
}

/** A file and everything that it imports, each once a stream. */
function filesAnswer(file: DescFile | undefined, sent: Set<string>): object {
  if (file === undefined) return notFound('No such file or symbol.');
  const found = new Map<string, DescFile>();
  const collect = (next: DescFile): void => {
    if (found.has(next.name)) return;
    found.set(next.name, next);
    for (const dependency of next.dependencies) collect(dependency);
  };
  collect(file);
  const answer = [...found.values()].filter((each) => each === file || !sent.has(each.name));
  for (const each of answer) sent.add(each.name);
  return {
    file_descriptor_response: {
      file_descriptor_proto: answer.map(({ proto }) => Buffer.from(toBinary(FileDescriptorProtoSchema, proto))),
    },
  };
}

function notFound(text: string): object {
  return { error_response: { error_code: status.NOT_FOUND, error_message: text } };
}
