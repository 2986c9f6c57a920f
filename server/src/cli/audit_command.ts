import type { Command } from 'commander';
import type { CliActions, CliIo } from './actions.ts';
import type { AuditVerification, TenantVerification } from './audit_actions.ts';
import { EXIT, Silent } from './exit.ts';
import { DEV, JSON_FLAG, TENANT } from './flags.ts';

type VerifyFlags = { file?: string; keys?: string; checkpoints?: string; dev?: boolean; json?: boolean };

/** The commands on the audit trail; they read the database and change nothing. */
export function addAuditCommands(program: Command, { audit }: CliActions, io: CliIo): void {
  const command = program.command('audit').description('The audit trail: check it, export it, keep its checkpoints.');
  command
    .command('verify')
    .description(
      'Check that no event was changed, removed, added or moved since it was chained. Exit code 0 if it is whole, 3 if not, 1 if it could not be checked.',
    )
    .option('--file <path>', 'check what trust-layer audit export wrote, in place of the database')
    .option('--keys <path>', 'check with the keys in this file (trust-layer audit key), in place of the master key')
    .option(
      '--checkpoints <path>',
      'checkpoints of former times that were kept elsewhere, one a line: the trail must hold them',
    )
    .option(...DEV)
    .option(...JSON_FLAG)
    .action(async ({ file, keys, checkpoints, dev = false, json }: VerifyFlags) => {
      const found = await audit.verify({ dev, file, keys, checkpoints });
      const bad = found.tenants.filter((tenant) => tenant.bad !== undefined);
      io.out(json === true ? `${JSON.stringify(jsonOf(found))}\n` : wordsOf(found));
      if (bad.length > 0) throw new Silent('the trail is not whole', EXIT.tampered);
    });
  command
    .command('export')
    .description(
      'Write the chained events of a tenant to standard output, one JSON object a line, for anyone to check.',
    )
    .option(...TENANT)
    .option(...DEV)
    .action(async ({ tenant, dev = false }: { tenant: string; dev?: boolean }) =>
      audit.export({ dev, tenantId: tenant }, io.write ?? (async (text) => io.out(text))),
    );
  command
    .command('checkpoint')
    .description(
      'Print the newest signed checkpoint of each tenant. Kept elsewhere, it shows later that nothing before it was taken away.',
    )
    .option(...DEV)
    .action(async ({ dev = false }: { dev?: boolean }) => {
      for (const token of await audit.checkpoints({ dev })) io.out(`${token}\n`);
    });
  command
    .command('key')
    .description('Print the public half of the audit key, as a JSON Web Key Set.')
    .option(...DEV)
    .action(async ({ dev = false }: { dev?: boolean }) => io.out(`${JSON.stringify(await audit.keys({ dev }))}\n`));
}

const instant = (at: number | undefined) => (at === undefined ? null : new Date(at).toISOString());

function jsonOf({ tenants, unchained }: AuditVerification) {
  return {
    whole: tenants.every(({ bad }) => bad === undefined),
    tenants: tenants.map(({ tenantId, events, first, last, checkpoints, cutAt, sealedAt, bad }) => ({
      tenant_id: tenantId,
      events,
      first,
      last,
      checkpoints,
      cut_at: cutAt,
      sealed_at: instant(sealedAt),
      bad: bad ?? null,
    })),
    ...(unchained && { unchained: { events: unchained.events, oldest: instant(unchained.oldest) } }),
  };
}

const count = (number: number, what: string) => `${number.toLocaleString('en')} ${what}${number === 1 ? '' : 's'}`;

function wordsOf({ tenants, unchained }: AuditVerification): string {
  const width = Math.max(0, ...tenants.map(({ tenantId }) => tenantId.length));
  const lines = tenants.map((tenant) => `${tenant.tenantId.padEnd(width)}  ${tenantWords(tenant)}`);
  const bad = tenants.filter((tenant) => tenant.bad !== undefined).length;
  const events = tenants.reduce((sum, tenant) => sum + tenant.events, 0);
  const end =
    bad === 0
      ? `The audit trail is whole: ${count(events, 'event')} of ${count(tenants.length, 'tenant')}.`
      : `The audit trail is NOT whole: ${count(bad, 'tenant')} of ${tenants.length}.`;
  const waiting =
    unchained === undefined || unchained.events === 0
      ? []
      : [
          `${count(unchained.events, 'event')} not chained yet, the oldest of ${instant(unchained.oldest)}; nothing is said of these.`,
        ];
  return `${[...lines, ...(lines.length > 0 ? [''] : []), ...waiting, end].join('\n')}\n`;
}

function tenantWords({ events, first, last, checkpoints, cutAt, sealedAt, bad }: TenantVerification): string {
  if (bad !== undefined) {
    const { problem, seq, id, since } = bad;
    const signed = since === 0 ? 'No checkpoint stands before it.' : `Up to place ${since} all is as it was signed.`;
    return `FIRST BAD ROW: place ${seq}${id === '' ? '' : ` (${id})`}: ${PROBLEMS[problem] ?? problem}. ${signed}`;
  }
  const cut = cutAt === 0 ? '' : `, those up to place ${cutAt} deleted for their age`;
  if (events === 0) return `no events${cut}`;
  return `${count(events, 'event')} in places ${first} to ${last}${cut}; ${count(checkpoints, 'checkpoint')}, the newest of ${instant(sealedAt)}`;
}

const PROBLEMS: Readonly<Record<string, string>> = {
  changed: 'the event, its place or its hash is not what was written',
  missing: 'no event is there',
  extra: 'another event has this place',
  unsigned: 'no checkpoint was signed for it or for what follows',
  rewritten: 'a checkpoint signed another chain; what was changed lies between the last signed place and here',
  checkpoint: 'the checkpoint of this place is missing, not signed by the audit key, or of another place',
};
