// The built server (server/dist) holds code alone; what is read as a file stays among the sources.
const SOURCES = new URL(import.meta.url.endsWith('.ts') ? '../' : '../src/', import.meta.url);

/** A file of server/src, such as `contract/gen/descriptor.binpb`. */
export const sourceFile = (path: string): URL => new URL(path, SOURCES);
