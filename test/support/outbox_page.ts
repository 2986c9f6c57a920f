/** The newest mail to an address, from the page of a development server on which its outbox is shown. */
export async function mailedTo(
  publicUrl: string,
  to: string,
): Promise<{
  readonly subject?: string;
  readonly code?: string;
  readonly link?: string;
  readonly token?: string | undefined;
}> {
  const response = await fetch(`${publicUrl}/outbox`, { signal: AbortSignal.timeout(10_000) });
  const [, mail] = (await response.text())
    .split('<li>')
    .map((item) => item.replaceAll('&amp;', '&'))
    .filter((item, place) => place === 0 || item.includes(`to ${to} `));
  if (mail === undefined) return {};
  const [, subject = ''] = /<strong>([^<]*)</.exec(mail) ?? [];
  const [, code] = /^ {4}(\d{4} \d{4})$/m.exec(mail) ?? [];
  const [link, token] = /https?:\S+token=(\w+)\S*/.exec(mail) ?? [];
  return { subject, ...(code !== undefined && { code }), ...(link !== undefined && { link, token }) };
}
