import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createFileRegistry, type DescFile, type DescMethod, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { MethodDefinition } from '@grpc/grpc-js';
import { SCOPES } from '../features/service_key/service_key.ts';
import { bindings, type Handlers, METHODS, type MethodRow } from './methods.ts';

const DESCRIPTOR = new URL('../contract/gen/descriptor.binpb', import.meta.url);
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(DESCRIPTOR)));
const services = [...registry].filter((type) => type.kind === 'service');
const codeName = ({ name }: DescMethod) => `${name[0]?.toLowerCase()}${name.slice(1)}`;
const rowOf = (method: DescMethod) =>
  (METHODS as Record<string, Record<string, MethodRow>>)[method.parent.name]?.[codeName(method)];

/** The comment in front of a service (path 6, n) or RPC (path 6, n, 2, m) of a file. */
function comment(file: DescFile, path: readonly number[]): string | undefined {
  return file.proto.sourceCodeInfo?.location.find((each) => each.path.join() === path.join())?.leadingComments;
}

function scopesIn(text: string | undefined): string[] {
  return [...(text ?? '').matchAll(/`([a-z-]+(?::[a-z]+)?)`/g)].flatMap(([, word = '']) =>
    SCOPES.filter((scope) => scope === word),
  );
}

/** The scope as the comments of the contract say it. */
function documented(method: DescMethod): string | undefined {
  const { parent } = method;
  const service = [6, parent.file.services.indexOf(parent)];
  const own = comment(parent.file, [...service, 2, parent.methods.indexOf(method)]);
  if (own?.replaceAll(/\s+/g, ' ').includes('Any service of the tenant')) return 'any';
  const [scope] = scopesIn(own);
  if (scope !== undefined) return scope;
  const scopes = scopesIn(comment(parent.file, service));
  return scopes.length === 1
    ? scopes[0]
    : scopes.find((each) => each.endsWith(/^(Get|Find|List)/.test(method.name) ? ':read' : ':write'));
}

describe('table of methods', () => {
  it('has one row for each RPC of the contract and none besides', () => {
    const contract = services.flatMap((service) =>
      service.methods.map((method) => `${service.name}/${codeName(method)}`),
    );
    const rows = Object.entries(METHODS).flatMap(([service, methods]) =>
      Object.keys(methods).map((method) => `${service}/${method}`),
    );
    assert.deepEqual(rows.sort(), contract.sort());
  });

  it('asks for the scope that the comment of the RPC names', () => {
    for (const method of services.flatMap(({ methods }) => methods)) {
      const scope = documented(method);
      assert.ok(scope, `${method.name} names no scope`);
      assert.equal(rowOf(method)?.scope, scope, method.name);
    }
  });

  it('takes the tenant from every request that has one, and serves all', () => {
    for (const method of services.flatMap(({ methods }) => methods)) {
      const hasTenant = method.input.fields.some(({ name }) => name === 'tenant_id');
      assert.equal(rowOf(method)?.tenant, hasTenant ? 'request' : 'none', method.name);
      assert.equal(rowOf(method)?.served, true, method.name);
    }
  });
});

describe('binding', () => {
  const definition = (requestStream = false) =>
    ({ path: '/t.S/A', requestStream, responseStream: false }) as MethodDefinition<unknown, unknown>;
  const row: MethodRow = {
    scope: 'any',
    tenant: 'none',
    operator: false,
    whileSuspended: false,
    maxBytes: 1,
    deadlineMs: 1,
    served: true,
  };
  const handler = async () => ({});
  const bind = (handlers: object, methods: object, contract: object = { S: { a: definition() } }) =>
    bindings(handlers as Handlers, methods as never, contract as never);

  it('puts RPC, row and handler together', () => {
    const [bound] = bind({ S: { a: handler } }, { S: { a: row } });
    assert.equal(bound?.handler, handler);
    assert.equal(bound?.row, row);
    const [unserved] = bind({}, { S: { a: { ...row, served: false } } });
    assert.equal(unserved?.handler, undefined);
  });

  it('refuses to start when one of the three is missing or left over, naming each', () => {
    const cases: [object, object, object | undefined, RegExp][] = [
      [{ S: { a: handler } }, {}, undefined, /S\/a has no row/],
      [{}, { S: { a: row } }, undefined, /S\/a has no handler/],
      [
        { S: { a: handler, b: handler } },
        { S: { a: row } },
        undefined,
        /S\/b has a handler but is not in the contract/,
      ],
      [{ S: { a: handler } }, { S: { a: row }, T: { c: row } }, undefined, /T\/c has a row but is not in the contract/],
      [
        { S: { a: handler } },
        { S: { a: { ...row, served: false } } },
        undefined,
        /S\/a has a handler but is not served/,
      ],
      [{ S: { a: handler } }, { S: { a: row } }, { S: { a: definition(true) } }, /S\/a streams in one direction/],
      [{}, {}, { S: { a: definition(), b: definition() } }, /S\/a has no row.*S\/b has no row/],
    ];
    for (const [handlers, methods, contract, message] of cases)
      assert.throws(() => bind(handlers, methods, contract), message);
  });
});
