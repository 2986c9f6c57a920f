import assert from 'node:assert/strict';
import { batched } from './batches.ts';

/** A place where batches wait until they are let go. */
function gate() {
  const batches: { questions: readonly number[]; answer: () => void; fail: (error: Error) => void }[] = [];
  const answer = (questions: readonly number[]) =>
    new Promise<readonly string[]>((resolve, reject) => {
      batches.push({ questions, answer: () => resolve(questions.map((question) => `a${question}`)), fail: reject });
    });
  return { batches, answer };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('batched', () => {
  it('sends questions of one turn together and gives each its answer', async () => {
    const { batches, answer } = gate();
    const ask = batched(answer, { lanes: 1, maxBatch: 10 });
    const answers = Promise.all([1, 2, 3].map(ask));
    await turn();
    assert.deepEqual(
      batches.map(({ questions }) => questions),
      [[1, 2, 3]],
    );
    batches[0]?.answer();
    assert.deepEqual(await answers, ['a1', 'a2', 'a3']);
  });

  it('never lets a question join a batch that has begun', async () => {
    const { batches, answer } = gate();
    const ask = batched(answer, { lanes: 1, maxBatch: 10 });
    const first = ask(1);
    await turn();
    const late = [ask(1), ask(2)];
    await turn();
    assert.equal(batches.length, 1);
    batches[0]?.answer();
    assert.equal(await first, 'a1');
    await turn();
    assert.deepEqual(batches[1]?.questions, [1, 2]);
    batches[1]?.answer();
    assert.deepEqual(await Promise.all(late), ['a1', 'a2']);
  });

  it('keeps to its lanes and to the size of a batch', async () => {
    const { batches, answer } = gate();
    const ask = batched(answer, { lanes: 2, maxBatch: 2 });
    const answers = Promise.all([1, 2, 3, 4, 5].map(ask));
    await turn();
    assert.deepEqual(
      batches.map(({ questions }) => questions),
      [
        [1, 2],
        [3, 4],
      ],
    );
    batches[1]?.answer();
    await turn();
    await turn();
    assert.deepEqual(batches[2]?.questions, [5]);
    for (const batch of batches) batch.answer();
    assert.deepEqual(await answers, ['a1', 'a2', 'a3', 'a4', 'a5']);
  });

  it('fails the questions of a failed batch only, and goes on', async () => {
    const { batches, answer } = gate();
    const ask = batched(answer, { lanes: 1, maxBatch: 1 });
    const [bad, good] = [ask(1), ask(2)];
    await turn();
    batches[0]?.fail(new Error('gone'));
    await assert.rejects(bad, /gone/);
    await turn();
    batches[1]?.answer();
    assert.equal(await good, 'a2');
  });
});
