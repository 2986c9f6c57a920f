// Whether the pages tell by their time who has an account: answers about five kinds of accounts, one after the other in random order.
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { IdentifierType } from '../server/src/contract/gen/trust/v1/identity.ts';
import { FLOW } from '../test/support/http_world.ts';
import { mannWhitney } from '../test/support/mann_whitney.ts';
import { RpcCaller } from '../test/support/rpc_caller.ts';
import { type ServerProcess, startServer } from '../test/support/server_process.ts';
import { median, type Options, progress, type Report, type Row, rounded } from './report.ts';

/** Of names with the same length, so that pages that repeat them have one size. */
const KINDS = ['known', 'nobod', 'disab', 'locke', 'nopwd'] as const;
type Kind = (typeof KINDS)[number];
const WORDS: Readonly<Record<Kind, string>> = {
  known: 'known',
  nobod: 'unknown',
  disab: 'disabled',
  locke: 'locked',
  nopwd: 'without password',
};
/** Accounts of each kind, used in turn. */
const ACCOUNTS = 20;
const PASSWORD = 'violet-otter-battery';
const WRONG = 'another-password-42';
const GOAL = 0.01;
/** Wrong codes that a mail bears, less one. */
const GUESSES = 4;

type Answer = { readonly ms: number; readonly status: number; readonly names: string; readonly body: string };
/** Makes ready what is not measured, and gives what is. */
type Ask = (email: string, kind: Kind) => Promise<() => Promise<Answer>>;
type Flow = { readonly name: string; readonly kinds: readonly Kind[]; readonly ask: Ask };

export async function run({ quick }: Options): Promise<Report> {
  const rounds = quick ? 100 : 2_000;
  const server = await startServer({ env: { TRUST_LOG_LEVEL: 'warn' } });
  try {
    await people(server);
    const flows = flowsOf(browser(server.publicUrl));
    const rows: Row[] = [];
    for (const flow of flows) {
      progress(`${flow.name}: ${rounds} rounds of ${flow.kinds.length}`);
      rows.push(...(await measured(flow, rounds)));
    }
    const apart = rows.filter(isApart);
    return { rows, notes: notes(rounds, apart), failed: apart.length > 0 };
  } finally {
    await server.remove();
  }
}

const isApart = (row: Row) => row.answers !== 'the same' || (Number(row.p) < GOAL && Number(row['p again']) < GOAL);

function notes(rounds: number, apart: readonly Row[]): readonly string[] {
  return [
    `${rounds} timings of each kind in each flow, in random order, over one connection to the hosted pages of a development server. p: Mann-Whitney, two-sided.`,
    `Where p is under ${GOAL}, which one pair in a hundred is by chance, the flow is measured again: a pair separates if both are.`,
    'A passkey sign-in begins without a name, so it has nothing to tell apart.',
    apart.length === 0
      ? 'No pair separates.'
      : `${apart.length} pairs SEPARATE: ${apart.map((row) => `${row.flow}, ${row.against}`).join('; ')}.`,
  ];
}

async function measured(flow: Flow, rounds: number): Promise<readonly Row[]> {
  const first = await timings(flow, rounds);
  const p = (of: Timings, kind: Kind) => mannWhitney(of.ms.known, of.ms[kind]).p;
  const others = flow.kinds.filter((kind) => kind !== 'known');
  const second = others.some((kind) => p(first, kind) < GOAL) ? await timings(flow, rounds) : undefined;
  return others.map((kind) => ({
    flow: flow.name,
    against: `known / ${WORDS[kind]}`,
    answers: first.shapes.size === 1 ? 'the same' : 'DIFFER',
    'known, ms': rounded(median(first.ms.known)),
    'other, ms': rounded(median(first.ms[kind])),
    p: rounded(p(first, kind)),
    'p again': second === undefined || p(first, kind) >= GOAL ? '' : rounded(p(second, kind)),
  }));
}

type Timings = { readonly ms: Record<Kind, number[]>; readonly shapes: Set<string> };

async function timings({ kinds, ask }: Flow, rounds: number): Promise<Timings> {
  const ms: Record<Kind, number[]> = { known: [], nobod: [], disab: [], locke: [], nopwd: [] };
  const shapes = new Set<string>();
  const warming = Math.ceil(rounds / 20);
  for (let round = -warming; round < rounds; round++) {
    for (const kind of shuffled(kinds)) {
      const email = addressOf(kind, Math.abs(round) % ACCOUNTS);
      const measure = await ask(email, kind);
      const { ms: taken, status, names, body } = await measure();
      if (round < 0) continue;
      ms[kind].push(taken);
      shapes.add([status, names, body.length].join(' '));
    }
  }
  return { ms, shapes };
}

function shuffled<T>(values: readonly T[]): readonly T[] {
  return values
    .map((value) => ({ value, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value);
}

const addressOf = (kind: Kind, number: number) => `${kind}-${String(number).padStart(2, '0')}@example.com`;

async function people({ grpcAddress, serviceKey }: ServerProcess): Promise<void> {
  const rpc = new RpcCaller(grpcAddress, serviceKey);
  const tomorrow = new Date(Date.now() + 86_400_000);
  for (const kind of KINDS) {
    for (let number = 0; number < ACCOUNTS && kind !== 'nobod'; number++) {
      const identifiers = [{ type: IdentifierType.EMAIL, value: addressOf(kind, number), verified: true }];
      const { identity } = await rpc.ok('IdentityService', 'createIdentity', { identifiers });
      const identityId = identity?.id ?? '';
      if (kind !== 'nopwd') await rpc.ok('PasswordService', 'setPassword', { identityId, password: PASSWORD });
      if (kind === 'disab') await rpc.ok('IdentityService', 'disableIdentity', { identityId });
      if (kind === 'locke') await rpc.ok('IdentityService', 'lockIdentity', { identityId, until: tomorrow });
    }
  }
  rpc.close();
}

type Browser = ReturnType<typeof browser>;

function flowsOf(page: Browser): readonly Flow[] {
  // Who is disabled or locked has the right password: that must not show either.
  const password = (kind: Kind) => (kind === 'disab' || kind === 'locke' ? PASSWORD : WRONG);
  const form =
    (path: string, fields: (email: string, kind: Kind) => Record<string, string>): Ask =>
    (email, kind) =>
      page.form(path, fields(email, kind));
  const flowTokens = new Map<string, { readonly token: string; used: number }>();
  const wrongCode =
    (path: string): Ask =>
    async (email) => {
      const key = `${path} ${email}`;
      let begun = flowTokens.get(key);
      if (begun === undefined || begun.used === GUESSES) {
        const { body } = await (await page.form(path, { email }))();
        begun = { token: /name="flow_token" value="([^"]*)"/.exec(body)?.[1] ?? '', used: 0 };
        flowTokens.set(key, begun);
      }
      begun.used += 1;
      return page.form(path, { email, flow_token: begun.token, code: '1', password: WRONG });
    };
  const taken = KINDS.filter((kind) => kind !== 'nobod');
  return [
    {
      name: 'sign-in',
      kinds: KINDS,
      ask: form('/sign-in', (identifier, kind) => ({ identifier, password: password(kind) })),
    },
    { name: 'sign-up, taken', kinds: taken, ask: form('/sign-up', (identifier) => ({ identifier, password: WRONG })) },
    { name: 'new password, mail', kinds: KINDS, ask: form('/recover', (email) => ({ email })) },
    { name: 'new password, wrong code', kinds: KINDS, ask: wrongCode('/recover') },
    { name: 'code by mail', kinds: KINDS, ask: form('/sign-in/mail', (email) => ({ email })) },
    { name: 'code by mail, wrong code', kinds: KINDS, ask: wrongCode('/sign-in/mail') },
  ];
}

/** One browser with one connection. */
function browser(publicUrl: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const query = new URLSearchParams(FLOW).toString();
  const opened = new Map<string, { readonly token: string; readonly cookie: string; readonly at: number }>();

  const send = (method: string, path: string, headers: Record<string, string>, body = '') =>
    new Promise<Omit<Answer, 'names'> & { readonly headers: IncomingHttpHeaders }>((resolve, reject) => {
      const begun = performance.now();
      const sent = request(`${publicUrl}${path}`, { method, headers, agent }, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.once('error', reject);
        incoming.once('end', () =>
          resolve({
            ms: performance.now() - begun,
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        );
      });
      sent.once('error', reject).end(body);
    });

  /** The token of a form lives for 30 minutes, and serves until a sign-in is over. */
  const open = async (path: string) => {
    const known = opened.get(path);
    if (known !== undefined && performance.now() - known.at < 600_000) return known;
    const cookie = [...opened.values()].at(0)?.cookie;
    const { headers, body } = await send('GET', `${path}?${query}`, cookie === undefined ? {} : { cookie });
    const [, token = ''] = /name="form_token" value="([^"]*)"/.exec(body) ?? [];
    const given = headers['set-cookie']?.[0]?.split(';')[0] ?? '';
    const made = { token, cookie: given, at: performance.now() };
    opened.set(path, made);
    return made;
  };

  return {
    /** A form of a page, ready to be sent. */
    async form(path: string, typed: Readonly<Record<string, string>>): Promise<() => Promise<Answer>> {
      const { token, cookie } = await open(path);
      const body = new URLSearchParams({ ...FLOW, form_token: token, ...typed }).toString();
      const headers = {
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': String(Buffer.byteLength(body)),
        'sec-fetch-site': 'same-origin',
        cookie,
      };
      return async () => {
        const { headers: answered, ...answer } = await send('POST', path, headers, body);
        return { ...answer, names: Object.keys(answered).join() };
      };
    },
  };
}
