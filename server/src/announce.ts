import { resolve } from 'node:path';
import type { Config } from './config/config.ts';
import type { Log } from './log.ts';

/** What a server that has opened its doors tells of itself. */
export type Ready = {
  /** `host:port` as bound. */
  readonly grpc: string;
  readonly http: string;
  readonly database: { readonly name: string; readonly version: string };
  /** Where a development server keeps its service keys. */
  readonly keyFiles: readonly string[];
};

/** Says once that the server is ready; with words for people if it is one for development. */
export function announce(config: Config, log: Log, { grpc, http, database, keyFiles }: Ready): void {
  const { workers, publicUrl: url } = config;
  const many = workers > 1 ? { workers } : {};
  log.info({ event: 'ready', address: grpc, http_address: http, database: database.name, url, ...many }, 'Ready.');
  if (!config.dev) return;
  const lines = [
    '',
    `Trust Layer is ready, in ${Math.round(process.uptime() * 1_000)} ms. This is a development server.`,
    '',
    `  gRPC      ${grpc} (plain text, this machine only)`,
    `  Pages     ${url}`,
    `  Mails     ${config.smtp === undefined ? `${url}/outbox (sent nowhere)` : 'by TRUST_SMTP_URL'}`,
    `  Data      ${resolve(config.dataDir)} (${database.name} ${database.version})`,
    ...(workers > 1 ? [`  Workers   ${workers} processes`] : []),
    ...keyFiles.map((path, index) => `  ${index === 0 ? 'Keys' : '    '}      ${resolve(path)} (mode 0600)`),
    '',
    'Try it:    npm run trust-layer -- call TenantService/GetTenant --key-file data/service-key',
    'Next:      start an app in a second terminal, such as npm run starter:express',
    'More keys: npm run trust-layer -- call ServiceKeyService/PutService --help, or docs/guide/services.md',
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
