// The vectors of spec/vectors as cases: one a class, so that a failure names every vector of it that is answered otherwise.
import { readFileSync } from 'node:fs';
import type { Exam } from './exam.ts';
import { differences } from './matcher.ts';
import type { Answer, Probe, ProbePool } from './probe.ts';

interface TokenVector {
  readonly name: string;
  readonly class: string;
  readonly token: string;
  readonly expect: string;
  readonly claims?: object;
}

interface TokenFile {
  readonly jwks: object;
  readonly groups: readonly {
    readonly verifier: {
      readonly issuer: string;
      readonly audience: string;
      readonly tenant_id: string;
      readonly leeway_seconds: number;
      readonly now: number;
    };
    readonly vectors: readonly TokenVector[];
  }[];
}

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../spec/vectors/${name}`, import.meta.url), 'utf8'));

export function vectorExams(): Exam[] {
  return [...tokenExams(), ...sessionIdExams(), ...pathExams()];
}

function tokenExams(): Exam[] {
  const { jwks, groups } = read('trust_tokens.json') as TokenFile;
  return groups.flatMap(({ verifier, vectors }) => {
    const classes = [...new Set(vectors.map((vector) => vector.class))];
    const { issuer, audience, tenant_id, leeway_seconds, now } = verifier;
    return classes.map((name) => ({
      feature: 'trust_token_vectors',
      name: `audience ${audience}, leeway ${leeway_seconds} s: ${name}`,
      run: (pool: ProbePool) =>
        withProbe(
          pool,
          { address: '127.0.0.1:1', issuer, audience, tenant_id, leeway_seconds, jwks, now },
          async (probe) => {
            const wrong: string[] = [];
            for (const vector of vectors.filter((one) => one.class === name)) {
              wrong.push(...checkToken(vector, await probe.ask('verify_trust_token', { trust_token: vector.token })));
            }
            return wrong;
          },
        ),
    }));
  });
}

function checkToken({ name, expect, claims }: TokenVector, answer: Answer): string[] {
  if ('error' in answer) {
    return answer.error.code === expect ? [] : [`${name}: expected ${expect}, got ${answer.error.code}`];
  }
  if (expect !== 'ok') return [`${name}: expected ${expect}, got ok`];
  return differences({ claims }, answer.ok, name);
}

function sessionIdExams(): Exam[] {
  type File = { vectors: { name: string; session_id: string; well_formed: boolean }[] };
  const { vectors } = read('session_ids.json') as File;
  return [true, false].map((wellFormed) => ({
    feature: 'session_id_vectors',
    name: wellFormed ? 'well-formed' : 'malformed',
    run: (pool: ProbePool) =>
      withProbe(pool, undefined, async (probe) => {
        const wrong: string[] = [];
        for (const vector of vectors.filter((one) => one.well_formed === wellFormed)) {
          const answer = await probe.ask('check_session_id', { session_id: vector.session_id });
          wrong.push(...differences({ ok: { well_formed: wellFormed } }, answer, vector.name));
        }
        return wrong;
      }),
  }));
}

function pathExams(): Exam[] {
  const { vectors } = read('return_paths.json') as { vectors: { path: string; expect: string }[] };
  return [true, false].map((kept) => ({
    feature: 'return_path_vectors',
    name: kept ? 'kept' : 'refused',
    run: (pool: ProbePool) =>
      withProbe(pool, undefined, async (probe) => {
        const wrong: string[] = [];
        for (const { path, expect } of vectors.filter((one) => (one.path === one.expect) === kept)) {
          const answer = await probe.ask('safe_return_path', { path });
          wrong.push(...differences({ ok: { path: expect } }, answer, JSON.stringify(path)));
        }
        return wrong;
      }),
  }));
}

/** Asks one probe, and throws if it answered something otherwise than expected. */
async function withProbe(
  pool: ProbePool,
  settings: object | undefined,
  ask: (probe: Probe) => Promise<string[]>,
): Promise<void> {
  const probe = pool.take();
  try {
    if (settings) {
      const ready = await probe.ask('configure', settings);
      if ('error' in ready) throw new Error(`configure failed: ${JSON.stringify(ready.error)}`);
    }
    const wrong = await ask(probe);
    if (wrong.length > 0) throw new Error(`${wrong.length} not as expected:\n  ${wrong.join('\n  ')}`);
  } finally {
    pool.give(probe);
  }
}
