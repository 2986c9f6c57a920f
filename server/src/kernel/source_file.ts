import { basename } from 'node:path';

const BUILT = !import.meta.url.endsWith('.ts');
const SOURCES = new URL(BUILT ? '../src/' : '../', import.meta.url);

/** A file of server/src that is read, such as `contract/gen/descriptor.binpb`: the built server (server/dist) holds code alone. */
export const sourceFile = (path: string): URL => new URL(path, SOURCES);

/** A module of server/src that is started on its own, such as a worker: where it was built, that. scripts/build_server.ts names each. */
export const startedFile = (path: string): URL =>
  BUILT ? new URL(`${basename(path, '.ts')}.js`, import.meta.url) : new URL(path, SOURCES);
