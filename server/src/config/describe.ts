import { type Address, formatAddress } from './address.ts';
import type { Config, Environment } from './config.ts';
import { OAUTH_SETTINGS, oauthVariable, providerNames } from './oauth_settings.ts';
import { SETTINGS, type Setting, type SettingKey } from './settings.ts';

/** One line of `trust-layer config`: the value in force, in words for secrets. */
export type SettingInForce = {
  readonly name: string;
  readonly value: string;
  readonly source: 'environment' | 'default';
  readonly default: string;
  readonly description: string;
};

/** Describes every setting. Secrets are only `set` or `unset`. Without a config (it was refused), values are those of the environment. */
export function describeConfig(env: Environment, config?: Config): readonly SettingInForce[] {
  const lines = Object.entries(SETTINGS).map(([key, setting]): SettingInForce => {
    const given = env[setting.name] ? env[setting.name] : undefined;
    return {
      name: setting.name,
      value: shownValue(key as SettingKey, setting, given, config),
      source: given === undefined ? 'default' : 'environment',
      default: setting.fallbackNote ?? setting.fallback ?? 'unset',
      description: setting.description,
    };
  });
  return [...lines, ...oauthLines(env)];
}

/** The settings of each provider that is listed. */
function oauthLines(env: Environment): readonly SettingInForce[] {
  const names = providerNames.safeParse(env[SETTINGS.oauthNames.name] ?? '').data ?? [];
  return names.flatMap((provider) =>
    Object.entries(OAUTH_SETTINGS).map(([key, setting]): SettingInForce => {
      const name = oauthVariable(provider, key);
      const given = env[name] ? env[name] : undefined;
      const [description = '', fallback = 'unset'] = setting.text
        .split('. Default: ')
        .map((text) => text.replace(/\.$/, ''));
      const shown = 'secret' in setting && given !== undefined ? 'set' : (given ?? 'unset');
      return {
        name,
        value: shown,
        source: given === undefined ? 'default' : 'environment',
        default: fallback,
        description: `${description}.`,
      };
    }),
  );
}

function shownValue(key: SettingKey, setting: Setting<unknown>, given: string | undefined, config?: Config): string {
  if (setting.secret) return given === undefined ? 'unset' : 'set';
  if (config === undefined || !(key in config)) return given ?? (setting.fallback || setting.fallbackNote || 'unset');
  const value = config[key as keyof Config];
  if (key === 'allowPlaintext') return value === true ? 'beyond-loopback' : 'unset';
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (Array.isArray(value)) return value.join(',') || 'none';
  if (typeof value === 'object') return formatAddress(value as Address);
  return String(value);
}

/** The description as a page of text, in the manner of --help. */
export function configText(lines: readonly SettingInForce[], width = 100): string {
  return lines
    .map((line) => {
      const head = `${line.name}=${line.value}${line.source === 'default' ? '  (default)' : ''}`;
      return [
        head,
        ...wrap(`${line.description} Default: ${line.default}.`, width - 4).map((text) => `    ${text}`),
      ].join('\n');
    })
    .join('\n');
}

function wrap(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.length - 1;
    const line = lines[last] ?? '';
    if (line !== '' && line.length + word.length + 1 > width) lines.push(word);
    else lines[last] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}
