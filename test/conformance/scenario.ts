// Reads spec/scenarios/*.yaml and refuses what it does not know, so that a typing error is not a silent pass.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export interface Step {
  /** A command of the probe (chapter 8) or an action of the runner. */
  readonly do: string;
  /** Who does it: `admin`, or the name of an actor that `new_service` made. */
  readonly as: string;
  readonly with: unknown;
  /** What the answer must be like. */
  readonly expect: unknown;
  /** The error that must come instead of an answer. */
  readonly error: ExpectedError | undefined;
  /** Variables and the paths of the answer that they are read from. */
  readonly save: Readonly<Record<string, string>>;
  /** Seconds for which the step is done again until it is as expected; 0 means once. */
  readonly eventually: number;
  /** How often the step is done, one after the other. */
  readonly times: number;
}

export interface ExpectedError {
  readonly reason?: string;
  readonly code?: string;
  readonly fields?: readonly string[];
}

export interface Case {
  readonly feature: string;
  readonly name: string;
  readonly rules: readonly string[];
  readonly steps: readonly Step[];
  /** Done after the steps whatever came of them, to leave shared settings as they were. */
  readonly finally: readonly Step[];
}

const FOLDER = fileURLToPath(new URL('../../spec/scenarios/', import.meta.url));
const RULE = /^(ACC|OAU|ORG|INV|TEN|MFA|MAIL|PKY|TERM|SEC|SES|TOK|PWD|RED|ERR|WAT|AUD|HOOK|SDK)-\d+$/;

type Raw = Record<string, unknown>;

export function loadScenarios(folder: string = FOLDER): Case[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  return files.sort().flatMap((name) => {
    const feature = basename(name, '.yaml');
    return readScenario(feature, readFileSync(join(folder, name), 'utf8'));
  });
}

export function readScenario(feature: string, text: string): Case[] {
  const raw = only(parse(text, { uniqueKeys: true }) as Raw, ['cases'], feature);
  const cases = list(raw.cases, feature).map((entry) => readCase(feature, entry as Raw));
  const names = new Set(cases.map((one) => one.name));
  if (names.size !== cases.length) throw new Error(`${feature}: two cases have one name`);
  return cases;
}

function readCase(feature: string, entry: Raw): Case {
  const { name, rules, steps, finally: last } = only(entry, ['name', 'rules', 'steps', 'finally'], feature);
  if (typeof name !== 'string') throw new Error(`${feature}: a case has no name`);
  const where = `${feature}: ${name}`;
  const named = list(rules, where).map(String);
  for (const rule of named) if (!RULE.test(rule)) throw new Error(`${where}: ${rule} is not a rule`);
  return {
    feature,
    name,
    rules: named,
    steps: list(steps, where).map((step) => readStep(where, step as Raw)),
    finally: last === undefined ? [] : list(last, where).map((step) => readStep(where, step as Raw)),
  };
}

function readStep(where: string, raw: Raw): Step {
  const step = only(raw, ['do', 'as', 'with', 'expect', 'error', 'save', 'eventually', 'times'], where);
  if (typeof step.do !== 'string') throw new Error(`${where}: a step does nothing`);
  if (step.error !== undefined && (step.expect !== undefined || step.save !== undefined)) {
    throw new Error(`${where}: ${step.do} cannot both answer and fail`);
  }
  return {
    do: step.do,
    as: typeof step.as === 'string' ? step.as : 'admin',
    with: step.with ?? {},
    expect: step.expect ?? {},
    error: readError(where, step.error),
    save: (step.save ?? {}) as Record<string, string>,
    eventually: Number(step.eventually ?? 0),
    times: Number(step.times ?? 1),
  };
}

function readError(where: string, raw: unknown): ExpectedError | undefined {
  if (raw === undefined) return undefined;
  if (typeof raw === 'string') return { reason: raw };
  const { reason, code, fields } = only(raw as Raw, ['reason', 'code', 'fields'], where);
  if (reason === undefined && code === undefined) throw new Error(`${where}: an error has neither reason nor code`);
  return {
    ...(reason === undefined ? {} : { reason: String(reason) }),
    ...(code === undefined ? {} : { code: String(code) }),
    ...(fields === undefined ? {} : { fields: list(fields, where).map(String) }),
  };
}

function only(raw: Raw, names: readonly string[], where: string): Raw {
  if (typeof raw !== 'object' || raw === null) throw new Error(`${where}: expected members`);
  for (const name of Object.keys(raw)) if (!names.includes(name)) throw new Error(`${where}: unknown member ${name}`);
  return raw;
}

function list(value: unknown, where: string): unknown[] {
  if (!Array.isArray(value) || value.length === 0) throw new Error(`${where}: expected a list with something in it`);
  return value;
}
