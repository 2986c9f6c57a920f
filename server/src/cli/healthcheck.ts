import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { formatAddress, isLoopback } from '../config/address.ts';
import { healthDefinition } from '../grpc/health_definition.ts';
import type { CliIo } from './actions.ts';
import { targetOf } from './channel.ts';
import { Silent } from './exit.ts';
import { failureSentence, readFailure } from './failure.ts';

export type HealthFlags = {
  readonly address?: string;
  readonly service?: string;
  readonly tls?: boolean;
  readonly timeout: number;
  readonly json?: boolean;
};

/** Asks the standard health service; fails unless it says SERVING. */
export async function healthcheck(flags: HealthFlags, io: CliIo): Promise<void> {
  const address = targetOf(flags.address, io.env);
  const tls = flags.tls === true || Boolean(io.env.TRUST_TLS_CERT_FILE) || !isLoopback(address.host);
  // Nothing secret is sent and nothing is decided by the answer, so the certificate need not name the address of this machine.
  const channel = tls
    ? credentials.createSsl(null, null, null, { rejectUnauthorized: false })
    : credentials.createInsecure();
  const client = new Client(formatAddress(address), channel, { 'grpc.ssl_target_name_override': 'localhost' });
  try {
    const status = await ask(client, flags);
    if (flags.json === true) io.out(`${JSON.stringify({ status })}\n`);
    else io.out(`${status}\n`);
    if (status !== 'SERVING') throw new Silent(status);
  } catch (error) {
    if (!(error instanceof Silent))
      io.err(`${failureSentence(readFailure(error as ServiceError), formatAddress(address))}\n`);
    throw new Silent('unhealthy');
  } finally {
    client.close();
  }
}

function ask(client: Client, { service = '', timeout }: HealthFlags): Promise<string> {
  const { check } = healthDefinition;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      check.path,
      check.requestSerialize,
      check.responseDeserialize,
      { service },
      { deadline: Date.now() + timeout },
      (error, value) => (error === null && value !== undefined ? resolve(value.status) : reject(error)),
    );
  });
}
