import type { CliActions, CliIo, OutboxResult } from './actions.ts';

export type OutboxFlags = {
  readonly tenant: string;
  readonly limit: number;
  readonly dev?: boolean;
  readonly json?: boolean;
};

/** Shows the mails of a development server as their readers would see them. */
export async function outbox(
  { tenant, limit, dev = false, json }: OutboxFlags,
  actions: CliActions,
  io: CliIo,
): Promise<void> {
  const { mails } = await actions.outbox({ dev, tenantId: tenant, limit });
  if (json) io.out(`${JSON.stringify({ mails })}\n`);
  else io.out(mails.length === 0 ? 'No mail waits.\n' : mails.map(mailText).join('\n'));
}

function mailText({ createdAt, to, subject, text }: OutboxResult['mails'][number]): string {
  const head = `${new Date(createdAt).toISOString()}  to ${to}\nSubject: ${subject}`;
  const body = text.trimEnd().split('\n');
  return `${head}\n\n${body.map((line) => (line === '' ? '' : `    ${line}`)).join('\n')}\n`;
}
