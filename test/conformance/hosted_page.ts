// Walks the hosted sign-in and sign-up pages as a browser does: forms, hidden inputs, cookies, redirects.

export interface HostedVisit {
  readonly page: 'sign-in' | 'sign-up';
  readonly publicUrl: string;
  readonly query: Readonly<Record<string, string>>;
  readonly identifier: string;
  readonly password: string;
  readonly displayName: string;
}

export interface HostedResult {
  /** Status of the last answer. */
  readonly status: number;
  /** Where the last answer leads; empty if nowhere. */
  readonly location: string;
  /** `code` and `state` of that place; empty if it has none. */
  readonly code: string;
  readonly state: string;
}

interface Input {
  readonly name: string;
  readonly type: string;
  readonly value: string;
}

const MOST_STEPS = 6;

/** Opens the page, fills in its form, sends it, and follows redirects as long as they stay on the hosted pages. */
export async function visit(wanted: HostedVisit): Promise<HostedResult> {
  const jar = new Map<string, string>();
  let url = new URL(`/${wanted.page}`, wanted.publicUrl);
  url.search = new URLSearchParams(wanted.query).toString();
  let request: RequestInit = { headers: navigation(jar, 'cross-site') };
  let sent = false;
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const response = await fetch(url, { ...request, redirect: 'manual', signal: AbortSignal.timeout(15_000) });
    keepCookies(jar, response);
    const html = await response.text();
    const location = response.headers.get('location');
    if (location !== null) {
      const next = new URL(location, url);
      if (next.origin !== url.origin || next.searchParams.has('code')) return result(response.status, next);
      url = next;
      request = { headers: navigation(jar, 'same-origin') };
      continue;
    }
    const form = response.status === 200 && !sent ? readForm(html) : undefined;
    if (!form) return result(response.status, undefined);
    const body = new URLSearchParams(fillIn(form.inputs, wanted));
    url = new URL(form.action || url.href, url);
    const headers = { ...navigation(jar, 'same-origin'), origin: new URL(wanted.publicUrl).origin };
    request = { method: 'POST', headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' }, body };
    sent = true;
  }
  throw new Error(`the hosted page redirected more than ${MOST_STEPS} times`);
}

function result(status: number, place: URL | undefined): HostedResult {
  const read = (name: string) => place?.searchParams.get(name) ?? '';
  return { status, location: place?.href ?? '', code: read('code'), state: read('state') };
}

function navigation(jar: ReadonlyMap<string, string>, site: 'same-origin' | 'cross-site'): Record<string, string> {
  const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
  return {
    accept: 'text/html',
    'sec-fetch-site': site,
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
    ...(cookie === '' ? {} : { cookie }),
  };
}

function keepCookies(jar: Map<string, string>, response: Response): void {
  for (const line of response.headers.getSetCookie()) {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
    const at = pair.indexOf('=');
    const name = pair.slice(0, at);
    if (attributes.some((attribute) => /^max-age=(0|-\d+)$/i.test(attribute))) jar.delete(name);
    else jar.set(name, pair.slice(at + 1));
  }
}

/** The first form of the page that is sent by POST and asks for a password. */
export function readForm(html: string): { action: string; inputs: Input[] } | undefined {
  for (const [, open = '', inner = ''] of html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)) {
    const form = attributes(open);
    const inputs = [...inner.matchAll(/<(?:input|button)\b([^>]*)>/gi)].map(([, text = '']) => {
      const { name = '', type = 'text', value = '' } = attributes(text);
      return { name, type: type.toLowerCase(), value };
    });
    if (form.method?.toLowerCase() === 'post' && inputs.some((input) => input.type === 'password')) {
      return { action: form.action ?? '', inputs };
    }
  }
  return undefined;
}

function attributes(text: string): Record<string, string> {
  const found = text.matchAll(/([\w-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+)))?/g);
  return Object.fromEntries(
    [...found].map(([, name = '', a, b, c]) => [name.toLowerCase(), decodeEntities(a ?? b ?? c ?? '')]),
  );
}

function decodeEntities(text: string): string {
  const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  return text.replaceAll(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (decimal) return String.fromCodePoint(Number(decimal));
    if (hex) return String.fromCodePoint(Number.parseInt(hex, 16));
    return named[name] ?? whole;
  });
}

function fillIn(inputs: readonly Input[], wanted: HostedVisit): [string, string][] {
  return inputs
    .filter(({ name, type }) => name !== '' && type !== 'submit' && type !== 'button' && type !== 'checkbox')
    .map((input) => [input.name, typed(input, wanted)]);
}

function typed({ name, type, value }: Input, wanted: HostedVisit): string {
  if (type === 'hidden') return value;
  if (type === 'password') return wanted.password;
  if (type === 'email' || /identifier|e?mail|login|user/i.test(name)) return wanted.identifier;
  return /name/i.test(name) ? wanted.displayName : value;
}
