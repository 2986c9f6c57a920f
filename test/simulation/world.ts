import type { TokenFacts } from '../../sdks/node/src/lease/facts.ts';
import { harass } from './adversary.ts';
import { Database } from './database.ts';
import { Network } from './network.ts';
import { Node } from './node.ts';
import { Oracle, type Violation } from './oracle.ts';
import { type Mutant, type Plan, planOf } from './plan.ts';
import { Random } from './random.ts';
import { Sdk } from './sdk.ts';
import { Timeline } from './timeline.ts';

export interface Token extends TokenFacts {
  readonly iat: number;
  readonly exp: number;
}

export interface Outcome {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly counts: Oracle['counts'];
}

const SESSIONS = 5;
const KEYS = 48;
const TOKENS = 24;

/** Everything that there is in one schedule. */
export class World {
  readonly plan: Plan;
  readonly timeline = new Timeline();
  readonly random: Random;
  readonly oracle: Oracle;
  readonly network: Network;
  readonly database: Database;
  readonly nodes: Node[] = [];
  readonly sdks: Sdk[] = [];
  /** Keys that are tried, dead ones among them. */
  readonly keys: string[] = [];
  /** Tokens that are tried, old ones among them. */
  readonly tokens: Token[] = [];
  readonly #say: ((line: string) => void) | undefined;

  constructor(plan: Plan, say?: (line: string) => void) {
    this.plan = plan;
    this.#say = say;
    this.random = new Random(plan.seed + 0x1000_0000);
    this.oracle = new Oracle(this.timeline, 2_000);
    this.network = new Network(this.timeline, this.random, plan);
    this.database = new Database(this.timeline, this.random, plan, this.oracle);
    for (const id of ['idn_1', 'idn_2', 'idn_3']) this.database.addIdentity(id);
    this.#refresh();
    for (let index = 0; index < plan.nodes; index++) this.nodes.push(new Node(this, `node${index}`));
    for (let index = 0; index < plan.sdks; index++)
      this.sdks.push(new Sdk(this, `sdk${index}`, !(plan.watchless && index === 0)));
    harass(this);
    this.#sweep();
  }

  run(): Outcome {
    const { violations, counts } = this.oracle;
    this.timeline.run(this.plan.lengthMs, () => violations.length > 0);
    for (const { who, what, late } of violations) this.trace(who, `VIOLATION ${what}, ${late.toFixed(1)} ms too late`);
    return { seed: this.plan.seed, violations, counts };
  }

  trace(who: string, what: string): void {
    this.#say?.(`${this.timeline.now.toFixed(1).padStart(9)} ${who.padEnd(8)} ${what}`);
  }

  addToken(token: Token): void {
    if (this.tokens.length < TOKENS) this.tokens.push(token);
    else this.tokens[this.random.int(TOKENS)] = token;
  }

  /** New sessions in the place of ended ones, and new keys in that of rotated ones. */
  #refresh(): void {
    while (this.database.liveSessions.length < SESSIONS) {
      this.database.addSession(this.random.pick(['idn_1', 'idn_2', 'idn_3']));
    }
    for (const { key } of this.database.liveSessions) if (!this.keys.includes(key)) this.keys.push(key);
    this.keys.splice(0, Math.max(0, this.keys.length - KEYS));
  }

  #sweep(): void {
    this.database.prune();
    this.#refresh();
    this.timeline.after(250, () => this.#sweep());
  }
}

/** One schedule. The same seed and mutant give the same schedule. */
export function simulate(seed: number, mutant: Mutant = {}, say?: (line: string) => void): Outcome {
  return new World(planOf(seed, mutant), say).run();
}
