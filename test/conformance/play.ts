// Plays one case through the probe of one SDK against one server.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ACTIONS, firstVariables, type World } from './actions.ts';
import { differences } from './matcher.ts';
import type { Answer, Probe, ProbePool } from './probe.ts';
import type { Case, ExpectedError, Step } from './scenario.ts';
import { at, fill, type Variables } from './values.ts';

/** The server under test. */
export interface Target {
  readonly grpcAddress: string;
  readonly publicUrl: string;
  readonly serviceKey: string;
}

const TABLE = JSON.parse(readFileSync(new URL('../../spec/vectors/error_table.json', import.meta.url), 'utf8')) as {
  rows: { reason: string; code: string }[];
};
const CODES = new Map(TABLE.rows.map(({ reason, code }) => [reason, code]));

/** Plays a case and gives its variables. Throws an Error whose message says which step was not as expected, and how. */
export async function play(one: Case, pool: ProbePool, target: Target): Promise<Variables> {
  const probes = new Map<string, Probe>();
  const settings = new Map<string, Record<string, unknown>>();
  const world: World = {
    publicUrl: target.publicUrl,
    variables: firstVariables(target.publicUrl),
    async ask(actor, action, given) {
      const probe = probes.get(actor);
      if (!probe) throw new Error(`nobody is called ${actor}`);
      return probe.ask(action, given);
    },
    async configure(actor, changes) {
      const first = { address: target.grpcAddress, issuer: target.publicUrl, timeout_ms: 15_000 };
      const jwksUrl = `${target.publicUrl}/.well-known/jwks.json`;
      const next = given({ ...first, jwks_url: jwksUrl, ...settings.get(actor), ...changes });
      settings.set(actor, next);
      const probe = probes.get(actor) ?? pool.take();
      probes.set(actor, probe);
      return probe.ask('configure', next);
    },
  };
  try {
    const ready = await world.configure('admin', { service_key: target.serviceKey, audience: 'dev' });
    if ('error' in ready) throw new Error(`configure failed: ${JSON.stringify(ready.error)}`);
    await playSteps(one, world);
    return world.variables;
  } finally {
    for (const probe of probes.values()) pool.give(probe);
  }
}

/** Settings without those that a scenario has set to null, to leave them out. */
function given(settings: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null));
}

async function playSteps(one: Case, world: World): Promise<void> {
  const failures: unknown[] = [];
  const attempt = async (label: string, step: Step): Promise<boolean> => {
    try {
      for (let time = 0; time < step.times; time += 1) await playStep(label, step, world);
      return true;
    } catch (error) {
      failures.push(error);
      return false;
    }
  };
  for (const [index, step] of one.steps.entries()) if (!(await attempt(`step ${index + 1}`, step))) break;
  for (const step of one.finally) await attempt('finally', step);
  if (failures.length > 0) throw failures[0];
}

async function playStep(label: string, step: Step, world: World): Promise<void> {
  const until = performance.now() + step.eventually * 1_000;
  for (;;) {
    const found = await tryStep(step, world);
    if (found.length === 0) return;
    if (performance.now() >= until) throw new Error(`${label} (${step.do} as ${step.as}):\n  ${found.join('\n  ')}`);
    await sleep(200);
  }
}

/** Does a step once; what was not as expected, one line each. */
async function tryStep(step: Step, world: World): Promise<string[]> {
  const given = fill(step.with, world.variables) as Record<string, unknown>;
  const action = ACTIONS[step.do];
  const answer = action ? await action(given, world, step.as) : await world.ask(step.as, step.do, given);
  if ('error' in answer) return compareError(step.error, answer);
  if (step.error) return [`expected the error ${named(step.error)}, got ${JSON.stringify(answer.ok).slice(0, 300)}`];
  const found = differences(fill(step.expect, world.variables), answer.ok);
  if (found.length > 0) return found;
  for (const [name, path] of Object.entries(step.save)) {
    const value = at(answer.ok, path === '.' ? '' : path);
    if (value === undefined) return [`the answer has no ${path} to save`];
    world.variables.set(name, value);
  }
  return [];
}

function compareError(expected: ExpectedError | undefined, { error }: Extract<Answer, { error: unknown }>): string[] {
  const got = `${error.reason} (${error.code}${error.fields ? ` ${error.fields.join(', ')}` : ''})`;
  if (!expected) return [`expected an answer, got the error ${got}`];
  const { reason, fields } = expected;
  const code = expected.code ?? CODES.get(reason ?? '');
  const wrong = (reason !== undefined && error.reason !== reason) || (code !== undefined && error.code !== code);
  if (wrong) return [`expected the error ${named(expected)}, got ${got}`];
  // A probe need not tell the fields; one that does must tell the right ones.
  if (!fields || !error.fields) return [];
  return differences([...fields].sort(), [...error.fields].sort(), 'fields');
}

function named({ reason, code }: ExpectedError): string {
  return `${reason ?? 'of any reason'} (${code ?? CODES.get(reason ?? '') ?? 'any code'})`;
}
