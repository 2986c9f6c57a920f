import type { CliActions, CliIo, MailPreview } from './actions.ts';

export type MailPreviewFlags = {
  readonly tenant: string;
  readonly language: string;
  readonly html?: boolean;
  readonly dev?: boolean;
  readonly json?: boolean;
};

/** Shows mails as they would be sent, with an example in them. */
export async function mailPreview(
  mail: string | undefined,
  { tenant, language, html, dev = false, json }: MailPreviewFlags,
  actions: CliActions,
  io: CliIo,
): Promise<void> {
  const mails = await actions.previewMails({ dev, tenantId: tenant, language, mail });
  if (json) io.out(`${JSON.stringify({ mails })}\n`);
  else io.out(html ? mails.map((one) => one.html).join('\n') : mails.map(previewText).join('\n'));
}

function previewText({ mail, own, subject, text }: MailPreview): string {
  return `# ${mail}${own ? ' (your words)' : ''}\nSubject: ${subject}\n\n${text.trimEnd()}\n`;
}
