import { styleText } from 'node:util';
import { type DestinationStream, type Logger, pino } from 'pino';

export type Log = Logger;

export type LogOptions = {
  readonly level: string;
  /** Short single lines for people instead of JSON. */
  readonly pretty?: boolean;
  /** Where lines go; standard output by default. */
  readonly destination?: DestinationStream;
};

/** The only fields whose values reach the log. Everything else is shown by name only, so that no secret rides along in an object. */
const KNOWN_FIELDS: ReadonlySet<string> = new Set(
  (
    'address applied attempt bytes code component count database delay_ms deadline_ms errno event failures feature handle hostname http_address ' +
    'identity_id interval_ms key_id kid limit message method migration migrations ms name number path peer pid port provider public_url reason ' +
    'removed request_id retry_after_ms rpc scope service setting signal sqlState sql_state state status syscall tenant_id url version worker workers'
  ).split(' '),
);

// Whole or cut secrets wherever they stand; no word boundary in front, since an escaped newline ends in a letter.
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/tlk_[0-9A-Za-z]{16}_?[0-9A-Za-z]*/g, 'tlk_[masked]'],
  [/(t[acdoplfs])_[0-9A-Za-z]{16,}/g, '$1_[masked]'],
  [/[A-Za-z0-9_-]{12,}\.[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]{12,}/g, '[masked JWS]'],
  [/eyJ[A-Za-z0-9_-]{8,}/g, '[masked JWS]'],
  [/[A-Za-z0-9+/]{43}=/g, '[masked key]'],
  [/([a-z][a-z0-9+]*:\/\/[^\s/:@"]*):[^\s/@"]+@/gi, '$1:[masked]@'],
];

/** Masks everything in a text that looks like a session_id, sign-in code, service key, Trust Token, master key or URL password. */
export function maskSecrets(text: string): string {
  return SECRETS.reduce((masked, [pattern, replacement]) => masked.replace(pattern, replacement), text);
}

/** What the log tells of an error: kind, code, masked words, where. Quoted values of SQL and e-mail addresses are left out. */
export function errorFields(error: unknown, depth = 0): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: typeof error };
  const { code, errno, reason } = error as { code?: unknown; errno?: unknown; reason?: unknown };
  return {
    name: error.name,
    message: maskValues(error.message).slice(0, 500),
    ...Object.fromEntries(Object.entries({ code, errno, reason }).filter(([, value]) => isScalar(value))),
    at: frames(error.stack),
    ...(error.cause === undefined || depth >= 4 ? {} : { cause: errorFields(error.cause, depth + 1) }),
  };
}

function maskValues(text: string): string {
  return maskSecrets(text)
    .replaceAll(/'(?:[^']|'')*'/g, "'…'")
    .replaceAll(/[^\s@'"<(]+@[^\s@'">)]+/g, '[masked address]');
}

/** The frames of a stack without its first lines, which repeat the message. */
function frames(stack: string | undefined): string[] {
  const lines = (stack ?? '').split('\n').flatMap((line) => /^\s+at (.+)$/.exec(line)?.[1] ?? []);
  return lines.slice(0, 12).map(maskSecrets);
}

function isScalar(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

function safeFields(fields: Record<string, unknown>): Record<string, unknown> {
  const safe: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'err' || name === 'error') safe.error = errorFields(value);
    else if (!KNOWN_FIELDS.has(name)) safe[name] = '[not shown]';
    else if (isScalar(value)) safe[name] = value;
    else if (Array.isArray(value)) safe[name] = value.filter(isScalar);
    else if (value !== undefined && value !== null) safe[name] = '[not shown]';
  }
  return safe;
}

/** Makes the server's log: JSON lines, or short lines for people. Redacts by an allow-list of fields, then masks each finished line. */
export function createLog({ level, pretty = false, destination }: LogOptions): Log {
  const log = pino(
    {
      level,
      base: {},
      timestamp: pino.stdTimeFunctions.isoTime,
      // pino's own error serializers would write the whole error; ours runs in formatters.log.
      serializers: { err: (value: unknown) => value, error: (value: unknown) => value },
      formatters: { level: (label) => ({ level: label }), log: safeFields, bindings: safeFields },
      hooks: { streamWrite: (line) => (pretty ? prettyLine(maskSecrets(line)) : maskSecrets(line)) },
    },
    destination ?? pino.destination({ dest: 1, sync: true }),
  );
  // pino formats the bindings of the first logger only.
  const { child } = log;
  log.child = function safeChild(this: Log, bindings: Record<string, unknown>, ...rest: unknown[]) {
    return Reflect.apply(child, this, [safeFields(bindings), ...rest]);
  } as Log['child'];
  return log;
}

const COLOURS = { warn: 'yellow', error: 'red', fatal: 'red', debug: 'gray', trace: 'gray', info: 'cyan' } as const;

function prettyLine(line: string): string {
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(line);
  } catch {
    return line;
  }
  const { level, time, msg, ...rest } = entry;
  const word = String(level);
  const colour = COLOURS[word as keyof typeof COLOURS] ?? 'white';
  const fields = Object.entries(rest).map(
    ([name, value]) => ` ${name}=${isScalar(value) ? value : JSON.stringify(value)}`,
  );
  return `${String(time).slice(11, 23)} ${styleText(colour, word.padEnd(5))} ${msg ?? ''}${styleText('gray', fields.join(''))}\n`;
}
