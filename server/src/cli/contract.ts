import { readFileSync } from 'node:fs';
import { createFileRegistry, type DescMethod, type FileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { distance } from '../config/distance.ts';
import { sourceFile } from '../kernel/source_file.ts';

/** The contract as data, read from the descriptors that buf built. */
export type Contract = { readonly registry: FileRegistry; readonly methods: readonly DescMethod[] };

export function loadContract(): Contract {
  const registry = createFileRegistry(
    fromBinary(FileDescriptorSetSchema, readFileSync(sourceFile('contract/gen/descriptor.binpb'))),
  );
  const methods = [...registry].flatMap((type) => (type.kind === 'service' ? type.methods : []));
  return { registry, methods };
}

/** Finds an RPC by `trust.v1.SessionService/Verify`, `SessionService/Verify` or `Verify`. Throws an Error that says what else there is. */
export function findMethod({ methods }: Contract, name: string): DescMethod {
  const wanted = name.replace(/^\//, '');
  const found = methods.filter((method) => {
    const { parent } = method;
    return [`${parent.typeName}/${method.name}`, `${parent.name}/${method.name}`, method.name].includes(wanted);
  });
  const [method] = found;
  if (method === undefined) throw new Error(`There is no RPC ${name}${near(methods, wanted)}.`);
  if (found.length > 1)
    throw new Error(
      `${name} is in several services: ${found.map((each) => `${each.parent.name}/${each.name}`).join(', ')}.`,
    );
  if (method.methodKind !== 'unary')
    throw new Error(`${method.parent.name}/${method.name} is a stream, which this command cannot call.`);
  return method;
}

function near(methods: readonly DescMethod[], wanted: string): string {
  const word = wanted.slice(wanted.lastIndexOf('/') + 1).toLowerCase();
  const byDistance = methods
    .map((each) => ({ text: `${each.parent.name}/${each.name}`, away: distance(word, each.name.toLowerCase()) }))
    .sort((a, b) => a.away - b.away);
  const alike = byDistance.filter(({ away }) => away <= 2).map(({ text }) => text);
  if (alike.length > 0) return ` (did you mean ${alike.slice(0, 3).join(' or ')}?)`;
  return ` (there are ${methods.length}: see proto/trust/v1)`;
}
