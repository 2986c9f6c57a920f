/**
 * Turns many single questions into few statements: questions that are asked in one turn of the event loop, or while all lanes are busy, travel
 * together. A question joins only a batch that has not begun, so each answer holds what was committed before its question was asked.
 * `answer` gives one answer for each question, in their order; if it fails, all questions of the batch fail.
 */
export function batched<Q, A>(
  answer: (questions: readonly Q[]) => Promise<readonly A[]>,
  options: { readonly lanes: number; readonly maxBatch: number },
): (question: Q) => Promise<A> {
  type Waiting = { question: Q; resolve: (answer: A) => void; reject: (error: unknown) => void };
  let waiting: Waiting[] = [];
  let underWay = 0;
  let scheduled = false;

  async function run(batch: readonly Waiting[]): Promise<void> {
    try {
      const answers = await answer(batch.map(({ question }) => question));
      batch.forEach(({ resolve }, place) => {
        resolve(answers[place] as A);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    underWay -= 1;
    if (waiting.length > 0) schedule();
  }

  function start(): void {
    scheduled = false;
    while (waiting.length > 0 && underWay < options.lanes) {
      const batch = waiting.slice(0, options.maxBatch);
      waiting = waiting.slice(options.maxBatch);
      underWay += 1;
      void run(batch);
    }
  }

  function schedule(): void {
    if (scheduled || underWay >= options.lanes) return;
    scheduled = true;
    setImmediate(start);
  }

  return (question) =>
    new Promise<A>((resolve, reject) => {
      waiting.push({ question, resolve, reject });
      schedule();
    });
}
