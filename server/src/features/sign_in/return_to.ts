/** The longest return_to in bytes. */
export const MAX_RETURN_TO = 2_048;

const LOOPBACK = /^(?:localhost|\[::1\]|127\.\d{1,3}\.\d{1,3}\.\d{1,3})$/;

/**
 * Whether a text has the form of a return_to: an absolute URL as the URL standard itself would write it, https or, on a loopback host,
 * http; no user, no fragment, and no `code` or `state` of its own in the query. One spelling a URL, so that comparing texts compares URLs.
 */
export function isReturnTo(text: string): boolean {
  if (text.length > MAX_RETURN_TO || !/^https?:\/\/[\x21-\x7e]+$/.test(text) || !URL.canParse(text)) return false;
  const url = new URL(text);
  if (url.href !== text && !(url.pathname === '/' && url.href === `${text}/`)) return false;
  if (url.username !== '' || url.password !== '' || /[#\\]/.test(text)) return false;
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname)) return false;
  return !url.searchParams.has('code') && !url.searchParams.has('state');
}

/** Whether a person may be sent there: listed exactly, or on a listed loopback host without port, then on any port (spec RED-1). */
export function isAllowedReturnTo(listed: readonly string[], text: string): boolean {
  if (!isReturnTo(text)) return false;
  return listed.includes(text) || listed.includes(withoutLoopbackPort(text));
}

/** The same URL without its port if its host is loopback; a listed URL that names a port is matched exactly or not at all. */
function withoutLoopbackPort(text: string): string {
  const { hostname, port } = new URL(text);
  return port !== '' && LOOPBACK.test(hostname) ? text.replace(`//${hostname}:${port}`, `//${hostname}`) : text;
}

/** Where the browser goes with its code (spec chapter 4, step 3). */
export function redirectTarget(returnTo: string, code: string, state: string): string {
  // Both are of URL-safe characters only.
  return `${returnTo}${returnTo.includes('?') ? '&' : '?'}code=${code}&state=${state}`;
}
