import { createPrivateKey } from 'node:crypto';
import { z } from 'zod';
import { isLoopback } from './address.ts';
import { GENERIC, OAUTH_PRESETS, type OauthPresetName, presetOf } from './oauth_presets.ts';

/** One provider with whose accounts people sign in. */
export type OauthProviderConfig = {
  readonly name: string;
  readonly preset: OauthPresetName;
  readonly label: string;
  readonly clientId: string;
  /** Undefined for a public client, and where a key signs for it. */
  readonly clientSecret: string | undefined;
  /** Apple: the client secret is a JWT that this key signs. */
  readonly clientKey: { readonly teamId: string; readonly keyId: string; readonly pem: string } | undefined;
  readonly issuer: string;
  readonly scopes: string;
  readonly keepTokens: boolean;
  /** Ids of the tenants to whose people it is offered. */
  readonly tenants: readonly string[];
};

const NAME = /^[a-z][a-z0-9]{0,31}$/;
const PREFIX = 'TRUST_OAUTH_';

/** The setting that lists them. */
export const OAUTH_PROVIDERS = `${PREFIX}PROVIDERS`;

export const providerNames = z
  .string()
  .transform((text) => text.split(',').flatMap((part) => part.trim() || []))
  .refine((names) => names.every((name) => NAME.test(name)), 'must be names of a-z 0-9, separated by commas')
  .refine((names) => new Set(names).size === names.length, 'must name no provider twice')
  .refine((names) => names.length <= 16, 'must name at most 16 providers');

const line = (max: number) =>
  z.string().regex(new RegExp(`^[\\x21-\\x7e]{1,${max}}$`), `must be 1 to ${max} visible ASCII characters`);

const preset = z
  .string()
  .refine((text) => Object.hasOwn(OAUTH_PRESETS, text), `must be one of ${Object.keys(OAUTH_PRESETS).join(', ')}`)
  .transform((text) => text as OauthPresetName);

const issuer = z.string().refine((text) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname.replaceAll(/[[\]]/g, '')));
}, 'must be an https URL without user, query and fragment (http on loopback only)');

const path = z.string().min(1, 'must not be empty').max(4096, 'must be at most 4,096 characters');

/** The settings of one provider; each variable is TRUST_OAUTH_, its name in capitals, `_` and the key here. */
export const OAUTH_SETTINGS = {
  PRESET: {
    text: `What is known of it: ${Object.keys(OAUTH_PRESETS).join(', ')}. Default: its name if that is one, else ${GENERIC}.`,
    schema: preset,
  },
  LABEL: {
    text: 'What its button says, at most 32 characters. Default: the name of the preset.',
    schema: z.string().regex(/^[^\p{C}]{1,32}$/u, 'must be 1 to 32 characters'),
  },
  CLIENT_ID: { text: 'Client id that the provider gave. Required.', schema: line(256) },
  CLIENT_SECRET: {
    text: 'Client secret that the provider gave. This or CLIENT_SECRET_FILE is required, except with apple and for public clients of oidc.',
    schema: line(1024),
    secret: true,
  },
  CLIENT_SECRET_FILE: { text: 'File that holds the client secret.', schema: path },
  ISSUER: {
    text: 'Issuer URL, at which discovery begins; https, or http on loopback. Required with oidc; with gitlab for a server of your own.',
    schema: issuer,
  },
  TENANT: {
    text: 'With microsoft: whose accounts, a tenant id, domain, organizations, consumers or common. Default: common.',
    schema: z
      .string()
      .regex(/^[A-Za-z0-9.-]{1,128}$/, 'must be a tenant id, a domain, organizations, consumers or common'),
  },
  SCOPES: {
    text: 'Scopes that are asked for, separated by spaces. Default: those of the preset.',
    schema: z
      .string()
      .regex(/^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/, 'must be scopes separated by single spaces')
      .max(1024, 'must be at most 1,024 characters'),
  },
  KEEP_TOKENS: {
    text: 'on: its tokens are kept, encrypted, for GetProviderTokens. Default: off.',
    schema: z.enum(['on', 'off'], 'must be on or off'),
  },
  FOR_TENANTS: {
    text: 'To whose people it is offered: ids of tenants, separated by commas. Default: default.',
    schema: z
      .string()
      .regex(/^[a-z0-9-]{1,63}(?:,[a-z0-9-]{1,63}){0,63}$/, 'must be ids of tenants, separated by commas'),
  },
  TEAM_ID: { text: 'With apple: the team id. Required.', schema: line(64) },
  KEY_ID: { text: 'With apple: the id of the key. Required.', schema: line(64) },
  PRIVATE_KEY_FILE: {
    text: 'With apple: file with the PEM private key (.p8) that signs client secrets. Required.',
    schema: path,
  },
} as const satisfies Record<
  string,
  { readonly text: string; readonly schema: z.ZodType<unknown, string>; readonly secret?: true }
>;

type Key = keyof typeof OAUTH_SETTINGS;
type Given = Partial<Record<Key, string>>;

export const oauthVariable = (provider: string, key: string) => `${PREFIX}${provider.toUpperCase()}_${key}`;

/** The variables of these providers. */
export const oauthVariables = (names: readonly string[]): readonly string[] =>
  names.flatMap((name) => Object.keys(OAUTH_SETTINGS).map((key) => oauthVariable(name, key)));

/** What a variable of a provider that is not listed lacks; undefined for any other. */
export function unlistedProvider(variable: string): string | undefined {
  const [, name, key = ''] = /^TRUST_OAUTH_([A-Z][A-Z0-9]{0,31})_([A-Z_]+)$/.exec(variable) ?? [];
  if (name === undefined || !Object.hasOwn(OAUTH_SETTINGS, key)) return undefined;
  return `${variable} is of a provider that ${OAUTH_PROVIDERS} does not list (${name.toLowerCase()}).`;
}

/** Reads each listed provider; what is wrong goes to `problems`, by the variable, and never with a secret. */
export function readOauthProviders(
  names: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string,
  problems: string[],
): readonly OauthProviderConfig[] {
  return Object.freeze(names.flatMap((name) => readProvider(name, env, readFile, problems) ?? []));
}

function readProvider(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string,
  problems: string[],
): OauthProviderConfig | undefined {
  const before = problems.length;
  const given: Given = {};
  for (const [key, { schema }] of Object.entries(OAUTH_SETTINGS)) {
    const text = env[oauthVariable(name, key)];
    if (text === undefined || text === '') continue;
    const result = schema.safeParse(text);
    if (result.success) given[key as Key] = text;
    else problems.push(`${oauthVariable(name, key)} ${result.error.issues[0]?.message ?? 'is not valid'}.`);
  }
  const need = (key: Key, why = `must be set, since ${OAUTH_PROVIDERS} lists ${name}`) => {
    const variable = oauthVariable(name, key);
    if (given[key] === undefined && !env[variable]) problems.push(`${variable} ${why}.`);
    return given[key] ?? '';
  };
  const refuse = (key: Key, why: string) => {
    if (given[key] !== undefined) problems.push(`${oauthVariable(name, key)} ${why}.`);
  };
  const fromFile = (key: Key): string | undefined => {
    const file = given[key];
    if (file === undefined) return undefined;
    try {
      return readFile(file).trim();
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
      problems.push(`${oauthVariable(name, key)} names a file that cannot be read (${code}).`);
      return undefined;
    }
  };

  const kind = (given.PRESET ?? (Object.hasOwn(OAUTH_PRESETS, name) ? name : GENERIC)) as OauthPresetName;
  const known = presetOf(kind);
  const clientId = need('CLIENT_ID');
  if (kind !== 'microsoft') refuse('TENANT', 'is for the preset microsoft only');
  if (kind !== GENERIC && kind !== 'gitlab') refuse('ISSUER', `is not for the preset ${kind}, whose issuer is known`);
  if (kind === GENERIC) need('ISSUER', 'must be set for a provider without a preset');

  let clientSecret: string | undefined;
  let clientKey: OauthProviderConfig['clientKey'];
  if (kind === 'apple') {
    refuse('CLIENT_SECRET', 'is not for apple, whose secret TRUST_OAUTH_…_PRIVATE_KEY_FILE signs');
    refuse('CLIENT_SECRET_FILE', 'is not for apple, whose secret TRUST_OAUTH_…_PRIVATE_KEY_FILE signs');
    const [teamId, keyId] = [need('TEAM_ID'), need('KEY_ID')];
    need('PRIVATE_KEY_FILE');
    const pem = fromFile('PRIVATE_KEY_FILE');
    if (pem !== undefined && !isP256(pem))
      problems.push(`${oauthVariable(name, 'PRIVATE_KEY_FILE')}: the file must be a PEM private key on P-256.`);
    clientKey = Object.freeze({ teamId, keyId, pem: pem ?? '' });
  } else {
    for (const key of ['TEAM_ID', 'KEY_ID', 'PRIVATE_KEY_FILE'] as const) refuse(key, 'is for the preset apple only');
    if (given.CLIENT_SECRET !== undefined && given.CLIENT_SECRET_FILE !== undefined) {
      problems.push(
        `${oauthVariable(name, 'CLIENT_SECRET')} and ${oauthVariable(name, 'CLIENT_SECRET_FILE')} must not both be set.`,
      );
    }
    clientSecret = given.CLIENT_SECRET ?? fromFile('CLIENT_SECRET_FILE');
    if (
      given.CLIENT_SECRET_FILE !== undefined &&
      clientSecret !== undefined &&
      !line(1024).safeParse(clientSecret).success
    ) {
      problems.push(
        `${oauthVariable(name, 'CLIENT_SECRET_FILE')}: the file must hold 1 to 1024 visible ASCII characters.`,
      );
    }
    if (kind !== GENERIC && given.CLIENT_SECRET_FILE === undefined) {
      need('CLIENT_SECRET', `or ${oauthVariable(name, 'CLIENT_SECRET_FILE')} must be set`);
    }
  }
  if (problems.length > before) return undefined;
  return Object.freeze({
    name,
    preset: kind,
    label: given.LABEL ?? (known.label || capitalised(name)),
    clientId,
    clientSecret,
    clientKey,
    issuer: given.ISSUER ?? (known.issuer ?? '').replace('{tenant}', given.TENANT ?? 'common'),
    scopes: given.SCOPES ?? known.scopes,
    keepTokens: given.KEEP_TOKENS === 'on',
    tenants: Object.freeze((given.FOR_TENANTS ?? 'default').split(',')),
  });
}

const capitalised = (name: string) => `${(name[0] ?? '').toUpperCase()}${name.slice(1)}`;

function isP256(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyDetails?.namedCurve === 'prime256v1';
  } catch {
    return false;
  }
}
