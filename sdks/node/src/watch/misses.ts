// What memory cannot answer: questions of one moment travel together, and each answer is judged by the machine
// (SDK-32, SDK-33).
import { boundKey, type Question } from '../client_facts.ts';
import { TrustLayerError } from '../errors.ts';
import type { LeaseMachine } from '../lease/machine.ts';
import type { CallOptions } from '../rpc.ts';
import type { RejectedVerdict, Verdict } from '../verdict.ts';
import type { Clocks } from './clocks.ts';
import { answerOf, KeptVerdict } from './kept_verdict.ts';

/** Asks the server about 1 to 256 sessions; one verdict for each. */
export type AskServer = (questions: readonly Question[], strong: boolean, options: CallOptions) => Promise<Verdict[]>;

const MAX_BATCH = 256;
/** Within the time of the question. On a machine that is short of it, several answers in a row may come too late. */
const MAX_TRIES = 8;
/** How long a question waits for a batch under way at most. */
const MAX_WAIT_MS = 5;

interface Asked {
  readonly question: Question;
  readonly strong: boolean;
  /** When its time is over, on the clock of timers. */
  readonly endsAt: number;
  readonly answer: Promise<Verdict>;
  readonly resolve: (verdict: Verdict) => void;
  readonly reject: (error: unknown) => void;
}

function newAsked(question: Question, strong: boolean, endsAt: number): Asked {
  let resolve!: Asked['resolve'];
  let reject!: Asked['reject'];
  const answer = new Promise<Verdict>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { question, strong, endsAt, answer, resolve, reject };
}

const copyOf = (verdict: Verdict): Verdict => (verdict.active ? answerOf(new KeptVerdict(verdict)) : { ...verdict });

const unreachable = () =>
  new TrustLayerError({ reason: 'UNREACHABLE', code: 'UNAVAILABLE', message: 'no answer was fresh enough' });

const tooLate = () =>
  new TrustLayerError({ reason: 'DEADLINE_EXCEEDED', code: 'DEADLINE_EXCEEDED', message: 'no answer in time' });

export class Misses {
  readonly #machine: LeaseMachine<KeptVerdict>;
  readonly #clocks: Clocks;
  readonly #ask: AskServer;
  readonly #timeoutMs: number;
  /** Not sent yet, by session_id and client; those of the same moment share an answer. */
  #bounded = new Map<string, Asked>();
  #strong = new Map<string, Asked>();
  #underWay = 0;
  #immediate: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Calls that were made. */
  batches = 0;

  constructor(machine: LeaseMachine<KeptVerdict>, clocks: Clocks, ask: AskServer, timeoutMs: number) {
    this.#machine = machine;
    this.#clocks = clocks;
    this.#ask = ask;
    this.#timeoutMs = timeoutMs;
  }

  /** Asks with others of the same moment, with the client's deadline. */
  join(question: Question, strong: boolean): Promise<Verdict> {
    const queue = strong ? this.#strong : this.#bounded;
    const key = boundKey(question);
    const waiting = queue.get(key);
    if (waiting !== undefined) return waiting.answer.then(copyOf);
    const asked = newAsked(question, strong, performance.now() + this.#timeoutMs);
    queue.set(key, asked);
    if (queue.size >= MAX_BATCH) this.#flush();
    else this.#schedule();
    return asked.answer;
  }

  /** Asks about these alone. */
  async alone(questions: readonly Question[], strong: boolean, options: CallOptions = {}): Promise<Verdict[]> {
    const { timeoutMs = this.#timeoutMs } = options;
    const endsAt = performance.now() + timeoutMs;
    const answers: Verdict[] = [];
    let left = questions.map((question, index) => ({ question, index }));
    for (let tries = 1; left.length > 0; tries += 1) {
      if (tries > MAX_TRIES) throw unreachable();
      const leftMs = tries === 1 ? timeoutMs : endsAt - performance.now();
      if (leftMs < 1) throw tooLate();
      const open = left.map(({ question }) => question);
      const judged = await this.#judged(open, strong || tries > 1, { ...options, timeoutMs: leftMs });
      left = left.filter(({ index }, at) => {
        const verdict = judged[at];
        if (verdict !== undefined) answers[index] = verdict;
        return verdict === undefined;
      });
    }
    return answers;
  }

  // One verdict for each question, or undefined where it must be asked again.
  async #judged(
    questions: readonly Question[],
    strong: boolean,
    options: CallOptions,
  ): Promise<readonly (Verdict | undefined)[]> {
    this.batches += 1;
    const asked = this.#machine.ask(this.#clocks(), strong);
    const verdicts = await this.#ask(questions, strong, options);
    // Nothing is awaited between this reading and the answers.
    const now = this.#clocks();
    return verdicts.map((verdict, index) => {
      const facts = verdict.active ? new KeptVerdict(verdict) : undefined;
      const question = questions[index] as Question;
      // What is kept for one client is not for another; a no that is about the client says nothing of others.
      const bound = facts?.bound ?? (verdict as RejectedVerdict).reason === 'CLIENT_MISMATCH';
      const use = this.#machine.answered(asked, bound ? boundKey(question) : question.sessionId, facts, now);
      // Any other no is about the session, whoever asks.
      if (facts === undefined && !bound) this.#machine.answered(asked, boundKey(question), undefined, now);
      return use === 'kept' || use === 'used' ? verdict : undefined;
    });
  }

  #schedule(): void {
    if (this.#underWay === 0) {
      this.#immediate ??= setImmediate(() => this.#flush());
    } else {
      this.#timer ??= setTimeout(() => this.#flush(), MAX_WAIT_MS);
    }
  }

  #flush(): void {
    clearImmediate(this.#immediate);
    clearTimeout(this.#timer);
    this.#immediate = undefined;
    this.#timer = undefined;
    const queues = [this.#bounded, this.#strong];
    this.#bounded = new Map();
    this.#strong = new Map();
    for (const queue of queues) {
      const questions = [...queue.values()];
      for (let from = 0; from < questions.length; from += MAX_BATCH) {
        void this.#send(questions.slice(from, from + MAX_BATCH), 1);
      }
    }
  }

  async #send(questions: readonly Asked[], tries: number): Promise<void> {
    const strong = tries > 1 || questions[0]?.strong === true;
    const leftMs = Math.min(...questions.map(({ endsAt }) => endsAt)) - performance.now();
    this.#underWay += 1;
    try {
      if (leftMs < 1) throw tooLate();
      const open = questions.map(({ question }) => question);
      const judged = await this.#judged(open, strong, { timeoutMs: leftMs });
      const again = questions.filter((asked, index) => {
        const verdict = judged[index];
        if (verdict !== undefined) asked.resolve(verdict);
        return verdict === undefined;
      });
      if (again.length > 0 && tries >= MAX_TRIES) throw unreachable();
      if (again.length > 0) void this.#send(again, tries + 1);
    } catch (error) {
      // Those that are answered already are not touched by it.
      for (const { reject } of questions) reject(error);
    } finally {
      this.#underWay -= 1;
      if (this.#timer !== undefined) this.#flush();
    }
  }
}
