import { z } from 'zod';
import { isLoopback } from './address.ts';
import type { Environment } from './config.ts';
import type { SettingValues } from './settings.ts';
import type { Make, Words } from './users_table_settings.ts';

export type SmtpConfig = {
  readonly url: string;
  readonly from: string;
  readonly tls: 'required' | 'off' | 'offered';
};

const smtpUrl = z.string().refine((text) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['smtp:', 'smtps:'].includes(url.protocol) || url.hostname === '') return false;
  return ['', '/'].includes(url.pathname) && url.search === '' && url.hash === '' && isDecodable(url);
}, 'must be smtp://USER:PASSWORD@HOST:PORT, or smtps: for TLS from the first byte');

function isDecodable({ username, password }: URL): boolean {
  try {
    return decodeURIComponent(username + password) !== undefined;
  } catch {
    return false;
  }
}

const mailAddress = z
  .string()
  .max(254, 'must be at most 254 characters')
  .regex(
    /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?$/,
    'must be one e-mail address, such as no-reply@example.com',
  );

/** Settings of the mail server. */
export const mailSettings = (setting: Make, oneOf: Words) => ({
  smtpUrl: setting(
    'TRUST_SMTP_URL',
    undefined,
    'Server that takes mails: smtp://USER:PASSWORD@HOST:PORT, or smtps:. Without it no mail is sent; with --dev mails are kept to be looked at.',
    smtpUrl,
    { secret: true },
  ),
  mailFrom: setting(
    'TRUST_MAIL_FROM',
    undefined,
    'Address of the sender of mails. Required with TRUST_SMTP_URL.',
    mailAddress,
  ),
  smtpAllowPlaintext: setting(
    'TRUST_SMTP_ALLOW_PLAINTEXT',
    undefined,
    'The words beyond-loopback allow an SMTP server elsewhere that offers no TLS. Codes and links then travel in the clear.',
    oneOf('beyond-loopback').transform(() => true),
  ),
});

/** Where mails go, or why that is not usable. */
export function readSmtp(
  { smtpUrl: url, mailFrom: from, smtpAllowPlaintext }: SettingValues,
  env: Environment,
  problems: string[],
): SmtpConfig | undefined {
  if (url === undefined) {
    if (from !== undefined && !env.TRUST_SMTP_URL) problems.push('TRUST_SMTP_URL must be set when TRUST_MAIL_FROM is.');
    return undefined;
  }
  if (from === undefined && !env.TRUST_MAIL_FROM) problems.push('TRUST_MAIL_FROM must be set when TRUST_SMTP_URL is.');
  if (from === undefined) return undefined;
  const loopback = isLoopback(new URL(url).hostname.replaceAll(/[[\]]/g, ''));
  return Object.freeze({ url, from, tls: loopback ? 'off' : smtpAllowPlaintext ? 'offered' : 'required' });
}
