import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { ConfigError } from '../config/config.ts';
import { CATALOG } from '../errors/catalog.ts';
import { TrustError } from '../errors/trust_error.ts';
import { SCOPES } from '../features/service_key/service_key.ts';
import { maskSecrets } from '../log.ts';
import type { CliActions, CliIo } from './actions.ts';
import { addAuditCommands } from './audit_command.ts';
import { showConfig } from './config_command.ts';
import { addDatabaseCommands } from './database_commands.ts';
import { EXIT, Silent, UsageError } from './exit.ts';
import { DEV, JSON_FLAG, TENANT } from './flags.ts';
import { addTenantCommands } from './tenant_command.ts';

export const PROCESS_IO: CliIo = {
  env: process.env,
  out: (line) => process.stdout.write(line),
  write: (text) => new Promise((done) => process.stdout.write(text, () => done())),
  err: (line) => process.stderr.write(line),
  readStdin: () => text(process.stdin),
  tty: process.stderr.isTTY === true,
};

const ADDRESS = [
  '--address <host:port>',
  'server to call; else TRUST_ADDRESS, TRUST_GRPC_ADDRESS or 127.0.0.1:50051',
] as const;

/** The command line as a tree of commands. Run it with `runCli`. */
export function buildCli(actions: CliActions, io: CliIo = PROCESS_IO): Command {
  const program = new Command('trust-layer')
    .description('Sessions, Trust Tokens and prompt revocation as a gRPC service on your own database.')
    .showHelpAfterError('(add --help for what there is)')
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .exitOverride();
  addServerCommands(program, actions, io);
  addDatabaseCommands(program, actions, io);
  addKeyCommands(program, actions, io);
  addTenantCommands(program, actions, io);
  addAuditCommands(program, actions, io);
  addClientCommands(program, io);
  return program;
}

function addServerCommands(program: Command, actions: CliActions, io: CliIo): void {
  program
    .command('serve')
    .description('Run the server until it is told to stop. Settings come from the environment (trust-layer config).')
    .option(...DEV)
    .action(async ({ dev = false }: { dev?: boolean }) => actions.serve({ dev }));
  program
    .command('config')
    .description('Show every setting, its meaning and its value in force. Secrets are shown as set or unset.')
    .option(...DEV)
    .option(...JSON_FLAG)
    .action((flags) => showConfig(flags, io));
}

function addKeyCommands(program: Command, actions: CliActions, io: CliIo): void {
  program
    .command('keygen')
    .description('Print a new master key for TRUST_MASTER_KEY or TRUST_MASTER_KEY_FILE.')
    .action(() => io.out(`${randomBytes(32).toString('base64')}\n`));
  program
    .command('service-key')
    .description('Keys of services.')
    .command('create')
    .description('Make a service and a key for it, directly in the database: the first key in production.')
    .requiredOption('--service <name>', 'name of the service: 1 to 63 of a-z 0-9 . _ -')
    .requiredOption('--scopes <list>', `what it may call, separated by commas: ${SCOPES.join(', ')}`, scopeList)
    .option('--audiences <list>', 'services for which it may ask for Trust Tokens, separated by commas', list, [])
    .option(...TENANT)
    .option(...DEV)
    .option(...JSON_FLAG)
    .action(async (flags: ServiceKeyFlags) => {
      const { service, scopes, audiences, tenant, dev = false, json } = flags;
      const { id, key } = await actions.createServiceKey({ dev, tenantId: tenant, service, scopes, audiences });
      if (json) io.out(`${JSON.stringify({ id, service, key })}\n`);
      else {
        io.err(`Key ${id} of ${service}. It is shown this once; only its digest is kept.\n`);
        io.out(`${key}\n`);
      }
    });
  const signingKey = program.command('signing-key').description('Keys that sign Trust Tokens.');
  signingKey
    .command('rotate')
    .description('Make a new signing key. It is published first and signs after the propagation time.')
    .option('--immediate', 'sign with it at once')
    .option(...TENANT)
    .option(...DEV)
    .option(...JSON_FLAG)
    .action(async ({ immediate = false, tenant, dev = false, json }: SigningKeyFlags) => {
      const { kid, alg, state } = await actions.rotateSigningKey({ dev, tenantId: tenant, immediate });
      io.out(
        json ? `${JSON.stringify({ kid, alg, state })}\n` : `The new signing key is ${kid} (${alg}), now ${state}.\n`,
      );
    });
  signingKey
    .command('reset')
    .description(
      'Retire every signing key and make a new one: after the master key was lost or TRUST_PUBLIC_URL changed. All Trust Tokens end.',
    )
    .option(...TENANT)
    .option(...DEV)
    .option(...JSON_FLAG)
    .action(async ({ tenant, dev = false, json }: SigningKeyFlags) => {
      const { kid, alg, state } = await actions.resetSigningKeys({ dev, tenantId: tenant });
      io.out(
        json
          ? `${JSON.stringify({ kid, alg, state })}\n`
          : `All keys were retired. The new signing key is ${kid} (${alg}).\n`,
      );
    });
}

function addClientCommands(program: Command, io: CliIo): void {
  const call = program
    .command('call')
    .description(
      'Call an RPC of a running server with JSON, such as: call SessionService/Verify \'{"session_id":"…"}\'',
    )
    .argument('<method>', 'Verify, SessionService/Verify or trust.v1.SessionService/Verify')
    .argument('[json]', 'the request; - reads it from standard input', '{}');
  asClient(call).action(async (method: string, input: string, flags) =>
    (await import('./call.ts')).call(method, input, flags, io),
  );
  const explain = program
    .command('explain')
    .description('Ask a running server why a session is accepted or rejected, when it ended and who ended it.')
    .argument('<session>', 'its handle (ses_…); - reads a session_id from standard input, where no one else sees it')
    .option(...TENANT);
  asClient(explain).action(async (session: string, flags) =>
    (await import('./explain_command.ts')).explain(session, flags, io),
  );
  program
    .command('healthcheck')
    .description('Ask a server whether it serves. Exit code 0 if it does.')
    .option(...ADDRESS)
    .option('--service <name>', 'a single service, such as trust.v1.SessionService')
    .option('--tls', 'use TLS (as is done beyond loopback and with TRUST_TLS_CERT_FILE anyway)')
    .option('--timeout <ms>', 'deadline in milliseconds', milliseconds, 3_000)
    .option(...JSON_FLAG)
    .action(async (flags) => (await import('./healthcheck.ts')).healthcheck(flags, io));
}

/** The flags of a command that calls RPCs. */
const asClient = (command: Command): Command =>
  command
    .option(...ADDRESS)
    .option('--key-file <path>', 'file that holds the service key; else TRUST_SERVICE_KEY or TRUST_SERVICE_KEY_FILE')
    .option('--tls', 'use TLS with the system roots (as is done beyond loopback anyway)')
    .option('--tls-ca <path>', 'use TLS; PEM file of the authority that signed the server certificate')
    .option('--tls-cert <path>', 'PEM file of a client certificate')
    .option('--tls-key <path>', 'PEM file of its private key')
    .option('--plaintext', 'no TLS beyond loopback: the service key and all secrets travel in the clear')
    .option('--timeout <ms>', 'deadline in milliseconds', milliseconds, 10_000)
    .option(...JSON_FLAG);

type ServiceKeyFlags = {
  service: string;
  scopes: readonly string[];
  audiences: readonly string[];
  tenant: string;
  dev?: boolean;
  json?: boolean;
};
type SigningKeyFlags = { immediate?: boolean; tenant: string; dev?: boolean; json?: boolean };

function list(value: string): readonly string[] {
  return value.split(',').flatMap((part) => part.trim() || []);
}

function scopeList(value: string): readonly string[] {
  const scopes = list(value);
  const unknown = scopes.filter((scope) => !SCOPES.some((known) => known === scope));
  if (scopes.length === 0) throw new InvalidArgumentError('At least one scope is needed.');
  if (unknown.length > 0) throw new InvalidArgumentError(`Unknown: ${unknown.join(', ')}.`);
  return scopes;
}

function milliseconds(value: string): number {
  if (!/^[1-9]\d{0,6}$/.test(value)) throw new InvalidArgumentError('It must be a whole number of milliseconds.');
  return Number(value);
}

/** Runs the command line and gives its exit code: 0 done, 1 failed, 2 wrongly used, 3 the audit trail is not whole. Never throws; errors are one sentence on standard error. */
export async function runCli(program: Command, argv: readonly string[], io: CliIo = PROCESS_IO): Promise<number> {
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof Silent) return error.exit;
    io.err(`${sentence(error)}\n`);
    return error instanceof UsageError ? EXIT.usage : EXIT.failure;
  }
}

function sentence(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  if (error instanceof TrustError) {
    const { cause, reason } = error;
    const { message } = CATALOG[reason];
    if (!(cause instanceof Error)) return `${message} (${reason})`;
    return maskSecrets(`${message.replace(/\.$/, '')}: ${cause.message}.`);
  }
  const message = error instanceof Error ? error.message : String(error);
  return maskSecrets(message.split('\n', 1)[0] ?? '').trim() || 'It failed without saying why.';
}
