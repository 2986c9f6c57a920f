import type { Command } from 'commander';
import type { CliActions, CliIo } from './actions.ts';
import { DEV, JSON_FLAG } from './flags.ts';

type CreateFlags = { url?: string; displayName?: string; dev?: boolean; json?: boolean };

/** The commands on tenants; they act directly in the database, as the operator. */
export function addTenantCommands(program: Command, { tenants }: CliActions, io: CliIo): void {
  const command = program.command('tenant').description('Tenants: closed sets of people, settings, keys and pages.');
  command
    .command('create')
    .description('Make a tenant with signing keys and pages of its own, and the first key of its service admin.')
    .argument('<name>', 'its id: 1 to 63 of a-z 0-9 -')
    .option(
      '--url <origin>',
      'origin of its pages, such as https://login.acme.example; else NAME under TRUST_PUBLIC_URL',
    )
    .option('--display-name <text>', 'its name for people; else NAME')
    .option(...DEV)
    .option(...JSON_FLAG)
    .action(async (id: string, { url = '', displayName = '', dev = false, json }: CreateFlags) => {
      const { publicUrl, serviceKey } = await tenants.create({ dev, id, publicUrl: url, displayName });
      if (json) {
        io.out(`${JSON.stringify({ id, public_url: publicUrl, service: 'admin', service_key: serviceKey })}\n`);
        return;
      }
      io.err(
        `Tenant ${id} is made; its pages are at ${publicUrl}, which is the issuer of its tokens.\nThe key of its service admin is shown this once; only its digest is kept.\n`,
      );
      io.out(`${serviceKey}\n`);
    });
  command
    .command('list')
    .description('List all tenants.')
    .option(...DEV)
    .option(...JSON_FLAG)
    .action(async ({ dev = false, json }: { dev?: boolean; json?: boolean }) => {
      const all = await tenants.list({ dev });
      const since = (at: number | undefined) => (at === undefined ? null : new Date(at).toISOString());
      if (json) {
        const rows = all.map(({ id, publicUrl, displayName, suspendedAt }) => {
          return { id, public_url: publicUrl, display_name: displayName, suspended_at: since(suspendedAt) };
        });
        io.out(`${JSON.stringify({ tenants: rows })}\n`);
        return;
      }
      const width = Math.max(0, ...all.map(({ id }) => id.length));
      for (const { id, publicUrl, displayName, suspendedAt } of all) {
        const state = suspendedAt === undefined ? '' : `  (suspended since ${since(suspendedAt)})`;
        io.out(`${id.padEnd(width)}  ${publicUrl}  ${displayName}${state}\n`);
      }
    });
  command
    .command('suspend')
    .description('Refuse all of a tenant until it is resumed: sessions, pages and calls. Its Trust Tokens end.')
    .argument('<name>', 'its id')
    .option('--reason <text>', 'why, for the audit trails')
    .option(...DEV)
    .action(async (id: string, { reason = '', dev = false }: { reason?: string; dev?: boolean }) => {
      await tenants.suspend({ dev, id, reason });
      io.out(`Tenant ${id} is suspended.\n`);
    });
  command
    .command('resume')
    .description('End the suspension of a tenant: sessions that have not run out meanwhile go on.')
    .argument('<name>', 'its id')
    .option(...DEV)
    .action(async (id: string, { dev = false }: { dev?: boolean }) => {
      await tenants.resume({ dev, id });
      io.out(`Tenant ${id} is resumed.\n`);
    });
}
