// The probe of the Node SDK (spec/08_sdks.md): reads JSON lines, answers each with one line, ends with its input.
import { createInterface } from 'node:readline';
import {
  isSessionId,
  type Jwks,
  JwksKeySource,
  rpcNames,
  StaticKeySource,
  safeReturnPath,
  TrustClient,
  TrustLayerError,
  TrustTokenError,
  type Verdict,
  Verifier,
  type VerifyOptions,
} from '../src/index.ts';
import { fromWire, toTargetRequest, toWire } from './wire.ts';

type Json = Record<string, unknown>;
type AnyMethod = (request: Json) => Promise<object>;

interface Settings {
  readonly address?: string | readonly string[];
  readonly service_key?: string;
  readonly tenant_id?: string;
  readonly issuer?: string;
  readonly audience?: string;
  readonly jwks_url?: string;
  readonly jwks?: Jwks;
  readonly now?: number;
  readonly leeway_seconds?: number;
  readonly timeout_ms?: number;
  readonly watch?: boolean;
  readonly verifier_watches?: boolean;
}

class ProbeError extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

let client: TrustClient | undefined;
let verifier: Verifier | undefined;

/** RPCs that name a session by one of its two names. */
const TARGETED = new Set(['revokeSession', 'explainSession']);

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const rpcs = new Map(rpcNames.map((name) => [snake(name), name]));

function configure(settings: Settings): object {
  const { address, service_key: serviceKey, tenant_id: tenantId, issuer, audience, jwks, now, watch = true } = settings;
  const next =
    address === undefined
      ? undefined
      : new TrustClient({ address, serviceKey, tenantId, timeoutMs: settings.timeout_ms, watch });
  client?.close();
  client = next;
  verifier =
    issuer === undefined || audience === undefined
      ? undefined
      : new Verifier({
          issuer,
          audience,
          tenantId,
          leewaySeconds: settings.leeway_seconds,
          watch: settings.verifier_watches ? next : undefined,
          clock: now === undefined ? undefined : () => now * 1_000,
          keySource:
            jwks === undefined
              ? new JwksKeySource(settings.jwks_url ?? `${issuer}/.well-known/jwks.json`)
              : new StaticKeySource(jwks),
        });
  return {};
}

function configured<Part>(part: Part | undefined): Part {
  if (part === undefined) {
    throw new ProbeError('FAILED_PRECONDITION');
  }
  return part;
}

function verdictToWire(verdict: Verdict): object {
  if (!verdict.active) return verdict;
  const { session, identity, organisation, clientBound, degraded } = verdict;
  return {
    active: true,
    session: toWire(session),
    identity: toWire(identity),
    ...(organisation && { organisation: toWire(organisation) }),
    ...(clientBound && { client_bound: true }),
    ...(degraded && { degraded }),
  };
}

function clientOf(given: unknown): VerifyOptions['client'] {
  const { ip_address: ipAddress, user_agent: userAgent } = (given ?? {}) as Readonly<Record<string, string>>;
  return given === undefined ? undefined : { ipAddress: ipAddress ?? '', userAgent: userAgent ?? '' };
}

function verifyOptions({ consistency, degraded, client: given }: Json): VerifyOptions {
  const { max_stale_ms: maxStaleMs } = (degraded ?? {}) as { readonly max_stale_ms?: number };
  return {
    consistency: consistency as VerifyOptions['consistency'],
    degraded: maxStaleMs === undefined ? undefined : { maxStaleMs },
    client: clientOf(given),
  };
}

function metrics(): object {
  const numbers = Object.entries(configured(client).metrics()).filter(([, value]) => value !== undefined);
  return Object.fromEntries(numbers.map(([name, value]) => [snake(name), value]));
}

async function awaitRevoked({ session_id: sessionId, timeout_ms: timeoutMs = 3_000 }: Json): Promise<object> {
  const target = configured(client);
  const verdict = await target.verify(sessionId as string);
  if (!verdict.active) throw new ProbeError('FAILED_PRECONDITION');
  return new Promise((resolve) => {
    const done = (answer: object) => {
      clearTimeout(timer);
      stop();
      resolve(answer);
    };
    const stop = target.onRevoked(verdict.session, (reason) => done({ reason }));
    const timer = setTimeout(done, Number(timeoutMs), {});
  });
}

async function trustToken({
  session_id: sessionId,
  audience,
  scope,
  lifetime_seconds: lifetime,
  client: given,
}: Json): Promise<object> {
  const chosen = { scope: scope as string[] | undefined, lifetimeSeconds: lifetime as number | undefined };
  const options = { ...chosen, client: clientOf(given) };
  return { token: await configured(client).trustToken(sessionId as string, audience as string, options) };
}

async function perform(action: string, given: Json): Promise<object> {
  switch (action) {
    case 'configure':
      return configure(given);
    case 'verify':
      return verdictToWire(await configured(client).verify(given.session_id as string, verifyOptions(given)));
    case 'batch_verify': {
      const verdicts = await configured(client).batchVerify(given.session_ids as string[], {
        ...verifyOptions(given),
        clients: (given.clients as unknown[] | undefined)?.map((each) => clientOf(each) ?? {}),
      });
      return { verdicts: verdicts.map(verdictToWire) };
    }
    case 'metrics':
      return metrics();
    case 'await_lease':
      return { leased: await configured(client).awaitLease(given.timeout_ms as number | undefined) };
    case 'await_revoked':
      return awaitRevoked(given);
    case 'trust_token':
      return trustToken(given);
    case 'verify_trust_token':
      return { claims: await configured(verifier).verify(given.trust_token as string) };
    case 'check_session_id':
      return { well_formed: isSessionId(given.session_id) };
    case 'safe_return_path':
      return { path: safeReturnPath(given.path) };
    default:
      return callRpc(action, given);
  }
}

async function callRpc(action: string, given: Json): Promise<object> {
  const name = rpcs.get(action);
  if (name === undefined) {
    throw new ProbeError('UNIMPLEMENTED');
  }
  const target = configured(client);
  const request = fromWire(given);
  const method = target[name] as unknown as AnyMethod;
  return toWire(await method.call(target, TARGETED.has(name) ? toTargetRequest(request) : request));
}

function errorToWire(error: unknown): object {
  if (error instanceof TrustLayerError && error.fields.length > 0) {
    return { reason: error.reason, code: error.code, fields: error.fields.map(({ field }) => field) };
  }
  if (error instanceof TrustLayerError || error instanceof TrustTokenError) {
    return { reason: error.reason, code: error.code };
  }
  return { reason: 'UNKNOWN', code: error instanceof ProbeError ? error.code : 'INVALID_ARGUMENT' };
}

interface Asked {
  readonly id?: unknown;
  readonly do: string;
  readonly with?: Json;
}

function read(line: string): Asked | undefined {
  try {
    return JSON.parse(line) as Asked;
  } catch {
    return undefined;
  }
}

async function answer(asked: Asked | undefined): Promise<object> {
  const id = asked?.id ?? null;
  try {
    if (asked === undefined) throw new ProbeError('INVALID_ARGUMENT');
    return { id, ok: await perform(asked.do, asked.with ?? {}) };
  } catch (error) {
    return { id, error: errorToWire(error) };
  }
}

// Commands run side by side, but for `configure`, which takes away what the others stand on.
const underWay = new Set<Promise<void>>();
for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim() === '') continue;
  const asked = read(line);
  if (asked?.do === 'configure') await Promise.all(underWay);
  const told = answer(asked).then((text) => {
    process.stdout.write(`${JSON.stringify(text)}\n`);
    underWay.delete(told);
  });
  underWay.add(told);
}
await Promise.all(underWay);
client?.close();
