import { type Command, InvalidArgumentError } from 'commander';
import type { CliActions, CliIo, MigratePlan, MigrateResult } from './actions.ts';
import type { CopyFlags } from './copy_command.ts';
import { DEV, JSON_FLAG, TENANT } from './flags.ts';
import type { MailPreviewFlags } from './mail_preview_command.ts';
import type { OutboxFlags } from './outbox_command.ts';

/** What an operator does to a database, apart from a running server. */
export function addDatabaseCommands(program: Command, actions: CliActions, io: CliIo): void {
  program
    .command('migrate')
    .description('Bring the database to the newest migration. There is no way back but a backup.')
    .option('--plan', 'print the SQL that would run, and change nothing')
    .option(...DEV)
    .option(...JSON_FLAG)
    .action(async ({ plan, dev = false, json }: { plan?: boolean; dev?: boolean; json?: boolean }) => {
      if (plan === true) {
        const planned = await actions.planMigrations({ dev });
        io.out(json ? `${JSON.stringify(planned)}\n` : planText(planned));
        return;
      }
      const migrated = await actions.migrate({ dev });
      io.out(json ? `${JSON.stringify(migrated)}\n` : migratedText(migrated));
    });
  program
    .command('copy')
    .description('Copy everything from one database to another, of the same kind or not, and check it row by row.')
    .requiredOption(
      '--from <url>',
      'database to read, a URL as for DATABASE_URL, or env:NAME to take it from a variable',
    )
    .requiredOption('--to <url>', 'database to write, likewise; its tables are made')
    .option('--overwrite', 'make a target that holds something what --from is; all else in it is lost')
    .option('--resume', 'go on with a copy of the same source that was stopped or has failed')
    .option('--follow', 'go on copying what changes until stopped (docs/guide/move.md)')
    .option(...JSON_FLAG)
    .action(async (flags: CopyFlags) => (await import('./copy_command.ts')).copy(flags, actions, io));
  program
    .command('doctor')
    .description(
      'Look at the database that a server would use, and say what to do about each finding. Exit code 1 if there is one.',
    )
    .option(...DEV)
    .option(...JSON_FLAG)
    .action(async (flags) => (await import('./doctor_command.ts')).doctor(flags, actions, io));
  program
    .command('outbox')
    .description('Show the mails that a development server holds, the newest first.')
    .option('--limit <n>', 'how many, 1 to 999', count, 10)
    .option(...TENANT)
    .option(...DEV)
    .option(...JSON_FLAG)
    .action(async (flags: OutboxFlags) => (await import('./outbox_command.ts')).outbox(flags, actions, io));
  program
    .command('mail-preview [mail]')
    .description(
      'Show mails as they would be sent, with an example in them, in your words (TRUST_MAIL_TEMPLATES) or ours. No database is used.',
    )
    .option('--language <language>', 'en, de or fr', 'en')
    .option('--html', 'show the HTML instead of subject and text')
    .option(...TENANT)
    .option(...DEV)
    .option(...JSON_FLAG)
    .action(async (mail: string | undefined, flags: MailPreviewFlags) =>
      (await import('./mail_preview_command.ts')).mailPreview(mail, flags, actions, io),
    );
}

function count(value: string): number {
  if (!/^[1-9]\d{0,2}$/.test(value)) throw new InvalidArgumentError('It must be 1 to 999.');
  return Number(value);
}

function migratedText({ database, applied }: MigrateResult): string {
  const words = applied.length === 0 ? 'is up to date' : `was brought forward by ${applied.join(', ')}`;
  return `The database (${database}) ${words}.\n`;
}

/** SQL that a reviewer reads, or runs by hand; the names of migrations are comments. */
function planText({ database, plan }: MigratePlan): string {
  if (plan.length === 0) return `-- The database (${database}) is up to date: nothing would run.\n`;
  return plan.map(({ name, sql }) => `-- ${name} (${database})\n${sql.map((line) => `${line}\n`).join('')}`).join('\n');
}
