import { readFileSync } from 'node:fs';

export type Settings = ReturnType<typeof readSettings>;

/** Everything that differs between a laptop and production. */
export function readSettings(env: NodeJS.ProcessEnv) {
  const port = Number(env.PORT ?? 3000);
  return {
    port,
    ordersPort: port + 1,
    billingPort: port + 2,
    publicUrl: origin(env.PUBLIC_URL ?? `http://localhost:${port}`),
    /** The Trust Layer over gRPC, and its hosted pages. The pages' URL is also the issuer of Trust Tokens. */
    trustAddress: env.TRUST_ADDRESS ?? '127.0.0.1:50051',
    pages: origin(env.TRUST_PAGES_URL ?? 'http://localhost:8080'),
    serviceKey: readKey(env, 'TRUST_SERVICE_KEY', 'data/service-key'),
    ordersKey: readKey(env, 'TRUST_ORDERS_KEY', 'data/service-key.orders'),
  };
}

/** Without the slash that people like to put after it: both are compared as they are. */
const origin = (url: string) => url.replace(/\/+$/, '');

/** Reads a service key from the variable, or from the file that the variable with `_FILE` names. */
function readKey(env: NodeJS.ProcessEnv, name: string, otherwise: string): string {
  const key = env[name];
  if (key !== undefined) return key;
  const file = env[`${name}_FILE`] ?? otherwise;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    console.error(`No service key at ${file}. Start the Trust Layer first (npm start), or set ${name}_FILE.`);
    process.exit(1);
  }
}
