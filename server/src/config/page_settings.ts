import { z } from 'zod';
import { type Address, isLoopback } from './address.ts';
import type { Environment } from './config.ts';
import type { SettingValues } from './settings.ts';
import type { Make } from './users_table_settings.ts';

const publicUrl = z
  .string()
  .refine((text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined || !['http:', 'https:'].includes(url.protocol)) return false;
    return url.username === '' && url.password === '' && url.pathname === '/' && url.search === '' && url.hash === '';
  }, 'must be an http or https URL of scheme, host and port only, such as https://login.example.com')
  .transform((text) => new URL(text).origin);

// What would end the directive in the header is in no URL that is taken.
const reportUrl = z.string().refine((text) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'https:' && url.href === text && !/[;,\s]/.test(text) && text.length <= 2_048;
}, 'must be an https URL in its normal form, without ; and ,');

/** Settings of the hosted pages. */
export const pageSettings = (setting: Make) => ({
  publicUrl: setting(
    'TRUST_PUBLIC_URL',
    undefined,
    'Origin under which people reach the hosted pages; builds every link and is the issuer of Trust Tokens. https beyond loopback.',
    publicUrl,
    { fallbackNote: 'http:// and TRUST_HTTP_ADDRESS, on loopback; with --dev http://localhost and its port' },
  ),
  cspReportUrl: setting(
    'TRUST_CSP_REPORT_URL',
    undefined,
    'https URL to which browsers report what the content security policy of the pages has stopped.',
    reportUrl,
    { fallbackNote: 'nowhere' },
  ),
  confirmLeaving: setting(
    'TRUST_CONFIRM_LEAVING',
    'off',
    'With on, the page in front of the sign-in of another site waits for a yes; with off it goes on by itself.',
    z.enum(['on', 'off'], 'must be on or off').transform((text) => text === 'on'),
  ),
});

/** Under which origin the pages are reached. */
export function readPublicUrl(
  { publicUrl }: SettingValues,
  env: Environment,
  http: Address,
  dev: boolean,
  problems: string[],
): string {
  if (publicUrl !== undefined) {
    const { protocol, hostname } = new URL(publicUrl);
    if (protocol === 'http:' && !isLoopback(hostname.replaceAll(/[[\]]/g, ''))) {
      problems.push('TRUST_PUBLIC_URL must be https beyond loopback.');
    }
    return publicUrl;
  }
  // By its name in development: browsers know no passkeys of an address (spec PKY-1).
  if (dev && isLoopback(http.host)) return `http://localhost:${http.port}`;
  if (isLoopback(http.host)) return `http://${http.host.includes(':') ? `[${http.host}]` : http.host}:${http.port}`;
  if (!dev && !env.TRUST_PUBLIC_URL) {
    problems.push('TRUST_PUBLIC_URL must be set when TRUST_HTTP_ADDRESS is beyond loopback.');
  }
  return `http://localhost:${http.port}`;
}
