import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createContext, runInContext } from 'node:vm';
import { solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import { MINUTE } from '../kernel/clock.ts';
import { altcha } from './altcha.ts';

const encoded = (payload: object) => Buffer.from(JSON.stringify(payload)).toString('base64');

describe('proof of work', function () {
  this.timeout(60_000);
  let now = Date.now();
  const work = altcha({ secret: 'a secret', clock: () => now });

  const solve = async (text: string) => {
    const challenge = JSON.parse(text);
    const solution = await solveChallenge({ challenge, deriveKey });
    assert.ok(solution);
    return { challenge, solution };
  };

  it('LIM-5 a challenge that is solved names itself, the same each time, and no other', async () => {
    const [one, other] = [await solve(await work.challenge('default')), await solve(await work.challenge('default'))];
    const name = await work.solved('default', encoded(one));
    assert.match(name ?? '', /^[0-9a-f]{64}$/);
    const { challenge, solution } = one;
    assert.equal(await work.solved('default', encoded({ solution, challenge, more: 1 })), name);
    assert.notEqual(await work.solved('default', encoded(other)), name);
  });

  it('LIM-5 what was not worked for is no proof: of another tenant, changed, unsolved, of another key, in no form at all', async () => {
    const { challenge, solution } = await solve(await work.challenge('default'));
    const parameters = challenge.parameters;
    const easy = { ...challenge, parameters: { ...parameters, keyPrefix: '', cost: 1 } };
    const foreign = altcha({ secret: 'another', clock: () => now });
    const wrong = [
      { challenge, solution: { ...solution, counter: solution.counter + 1 } },
      { challenge, solution: { ...solution, derivedKey: `00${'1'.repeat(62)}` } },
      { challenge, solution: { counter: 0, derivedKey: '' } },
      { challenge: easy, solution },
      { challenge: { ...challenge, parameters: { ...parameters, data: { tenant: 'other' } } }, solution },
      { challenge: { ...challenge, signature: '' }, solution },
      { challenge: { parameters }, solution },
      { challenge: null, solution },
      {},
    ];
    for (const one of wrong) assert.equal(await work.solved('default', encoded(one)), undefined, JSON.stringify(one));
    for (const text of ['', 'x', '{}', '%%%']) assert.equal(await work.solved('default', text), undefined);
    const right = encoded({ challenge, solution });
    assert.equal(await work.solved('other', right), undefined, 'another tenant');
    assert.equal(await foreign.solved('default', right), undefined, 'another key');
    assert.ok(await work.solved('default', right));
  });

  it('LIM-5 a challenge that is too old is no proof', async () => {
    now = Date.now() - 11 * MINUTE;
    const late = await solve(await work.challenge('default'));
    assert.equal(await work.solved('default', encoded(late)), undefined);
    now = Date.now();
  });

  it('LIM-5 the script of the pages solves it, and sends the form that waited for that', async () => {
    const listeners: ((event: object) => void)[] = [];
    let submitted: (() => void) | undefined;
    const sent = new Promise<void>((resolve) => {
      submitted = resolve;
    });
    const status = { hidden: true };
    const form = {
      addEventListener: (_name: string, listener: (event: object) => void) => listeners.push(listener),
      querySelector: () => status,
      submit: () => submitted?.(),
    };
    const field = { form, value: '', dataset: { challenge: await work.challenge('default') } };
    const { crypto, btoa } = globalThis;
    const page = { document: { querySelector: () => field }, crypto, btoa, window: { crypto } };
    runInContext(readFileSync(new URL('../http/views/work.js', import.meta.url), 'utf8'), createContext(page));
    let prevented = 0;
    listeners[0]?.({ preventDefault: () => prevented++ });
    await sent;
    assert.deepEqual([prevented, status.hidden], [1, false]);
    assert.ok(await work.solved('default', field.value));
  });
});
