const BROWSERS = { Edg: 'Edge', OPR: 'Opera', Firefox: 'Firefox', Chrome: 'Chrome', Safari: 'Safari' };
const SYSTEMS = {
  iPhone: 'iPhone',
  iPad: 'iPad',
  Android: 'Android',
  Windows: 'Windows',
  'Mac OS X': 'macOS',
  Linux: 'Linux',
};

/** A name for people, such as `Safari on iPhone`. A hint: every browser may say of itself what it likes. */
export function deviceName(userAgent: string | undefined): string {
  const find = (names: Readonly<Record<string, string>>) =>
    Object.entries(names).find(([mark]) => userAgent?.includes(mark))?.[1];
  const browser = find(BROWSERS);
  const system = find(SYSTEMS);
  return browser && system ? `${browser} on ${system}` : (browser ?? system ?? 'Unknown device');
}

/** Such as `2026-11-23 20:45 UTC`. */
export const instantText = (instant: Date | undefined) =>
  instant ? `${instant.toISOString().slice(0, 16).replace('T', ' ')} UTC` : 'unknown';
