import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fromBinary } from '@bufbuild/protobuf';
import { type DescriptorProto, type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';
import { protoPath as healthProto } from 'grpc-health-check';

// @grpc/reflection ships the protocol's proto files. Its server is not used: it drops the imports of files, so that buf and grpcurl fail.
const REFLECTION_FILES = dirname(fileURLToPath(import.meta.resolve('@grpc/reflection/package.json')));

/** A standard service, loaded from the proto file that its package ships. */
export type StandardService = {
  readonly name: string;
  readonly definition: ServiceDefinition;
  readonly file: FileDescriptorProto;
};

export function healthService(): StandardService {
  return service('grpc.health.v1.Health', healthProto, dirname(healthProto));
}

export function reflectionService(version: 'v1' | 'v1alpha'): StandardService {
  return service(
    `grpc.reflection.${version}.ServerReflection`,
    `grpc/reflection/${version}/reflection.proto`,
    `${REFLECTION_FILES}/build/proto`,
  );
}

function service(name: string, path: string, folder: string): StandardService {
  const loaded = loadSync(path, { includeDirs: [folder], keepCase: true, longs: String, enums: String, oneofs: true });
  return { name, definition: loaded[name] as ServiceDefinition, file: fileOf(loaded, name) };
}

function fileOf(loaded: PackageDefinition, name: string): FileDescriptorProto {
  for (const entry of Object.values(loaded)) {
    if (!Array.isArray(entry.fileDescriptorProtos)) continue;
    for (const bytes of entry.fileDescriptorProtos) return completed(fromBinary(FileDescriptorProtoSchema, bytes));
  }
  throw new Error(`The proto file of ${name} could not be loaded.`);
}

/** protobufjs writes the names of field types as they stand in the source; descriptors need them whole, and map entries named `…Entry`. */
function completed(file: FileDescriptorProto): FileDescriptorProto {
  const types = new Set<string>();
  for (const { name } of file.enumType) types.add(`.${file.package}.${name}`);
  for (const message of file.messageType) nameTypes(message, `.${file.package}`, types);
  for (const message of file.messageType) nameFields(message, `.${file.package}`, types);
  return file;
}

function nameTypes(message: DescriptorProto, scope: string, types: Set<string>): void {
  const full = `${scope}.${message.name}`;
  types.add(full);
  for (const { name } of message.enumType) types.add(`${full}.${name}`);
  for (const nested of message.nestedType) {
    if (nested.options?.mapEntry === true && !nested.name.endsWith('Entry')) {
      for (const field of message.field) if (field.typeName === nested.name) field.typeName += 'Entry';
      nested.name += 'Entry';
    }
    nameTypes(nested, full, types);
  }
}

function nameFields(message: DescriptorProto, scope: string, types: ReadonlySet<string>): void {
  const full = `${scope}.${message.name}`;
  for (const field of message.field) {
    if (field.typeName === '' || field.typeName.startsWith('.')) continue;
    for (let outer = full; outer !== ''; outer = outer.slice(0, outer.lastIndexOf('.'))) {
      if (!types.has(`${outer}.${field.typeName}`)) continue;
      field.typeName = `${outer}.${field.typeName}`;
      break;
    }
  }
  for (const nested of message.nestedType) nameFields(nested, full, types);
}
