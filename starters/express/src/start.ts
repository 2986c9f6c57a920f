import { once } from 'node:events';
import { TrustClient, TrustLayerError } from '@trust-layer/sdk';
import type { Express } from 'express';

/** A client; says at once what would otherwise come out at the first sign-in: no Trust Layer, or a key that it refuses. */
export function connect(address: string, serviceKey: string): TrustClient {
  const client = new TrustClient({ address, serviceKey });
  client.getTrustKeys({}).catch((error: unknown) => {
    console.error(`Cannot use the Trust Layer at ${address}: ${describe(error)}`);
  });
  return client;
}

/** Resolves when the app listens; ends the program where it cannot. */
export async function listen(app: Express, port: number, host?: string): Promise<void> {
  const server = host ? app.listen(port, host) : app.listen(port);
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code } = error as { code?: string };
    console.error(`Port ${port} cannot be used (${code}). Set PORT; the app takes it and the two after it.`);
    process.exit(1);
  }
}

/** What may stand in a log. Errors of the Trust Layer hold no secret. */
export function describe(error: unknown): string {
  if (error instanceof TrustLayerError) return `${error.reason} (${error.code})`;
  return error instanceof Error ? `${error.name}: ${error.message}` : 'unknown error';
}
