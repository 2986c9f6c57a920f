import type { LeaseMachine } from '../../sdks/node/src/lease/machine.ts';
import type { Reading } from '../../sdks/node/src/lease/reading.ts';
import type { Write } from './database.ts';
import { Stream } from './network.ts';
import type { Node, Watcher } from './node.ts';
import { machineOf } from './plan.ts';
import { Process } from './process.ts';
import type { World } from './world.ts';

/** A process with an SDK: watches, verifies sessions, checks tokens, and changes things itself. */
export class Sdk {
  readonly process: Process;
  readonly #world: World;
  readonly #watches: boolean;
  #machine!: LeaseMachine<string>;
  #stream: Stream | undefined;
  #number = 0;
  #lastPong = 0;
  #ownEnds = new Set<string>();

  constructor(world: World, name: string, watches: boolean) {
    this.#world = world;
    this.#watches = watches;
    this.process = new Process(name, world.timeline, world.random, world.plan.skewMs, world.plan.slowClocks);
    this.#start();
  }

  restart(ms: number): void {
    this.#stream?.cut();
    this.process.restart(ms, () => this.#start());
  }

  cut(): void {
    this.#stream?.cut();
  }

  #start(): void {
    const { plan, random } = this.#world;
    this.#machine = machineOf(plan.mutant.machine, plan.lease);
    this.#ownEnds = new Set();
    this.#stream = undefined;
    if (this.#watches) this.#connect();
    this.process.after(random.between(0, plan.pingMs), () => this.#tick());
    this.process.after(random.between(0, 200), () => this.#work());
  }

  #now(): Reading {
    const now = this.process.now();
    return this.#world.plan.mutant.reading?.(now) ?? now;
  }

  // ---- Watch

  #connect(): void {
    const { timeline, random, network, nodes } = this.#world;
    const node = random.pick(nodes);
    const stream = new Stream(timeline, random, network, this.process.name, node.process.name);
    const number = this.#machine.open();
    this.#stream = stream;
    this.#number = number;
    this.#lastPong = this.#now().mono;
    let ping: ((number: number) => void) | undefined;
    const watcher = this.#watcher(stream, number);
    stream.toServer(() => node.process.run(() => (ping = node.watch(stream, watcher))));
    stream.onClientEnd = this.process.bound(() => this.#ended(stream, number));
    this.#ping = () => {
      const sent = this.#machine.ping(number, this.#now());
      // Reading the clock and sending are two moments.
      if (sent !== undefined) stream.toServer(() => node.process.run(() => ping?.(sent)));
      // About when a lease from this ping would end.
      for (let probes = 0; probes < this.#world.plan.edgeProbes; probes++) {
        this.process.after(random.between(0.97, 1.01) * this.#world.plan.lease.boundMs, () => this.probe());
      }
    };
    this.#ping();
  }

  #ping: () => void = () => {};

  /** Messages carry the number of their stream; late ones of an old stream arrive like any other. */
  #watcher(stream: Stream, number: number): Watcher {
    const { plan } = this.#world;
    const { boundMs, windowMs } = { boundMs: plan.lease.boundMs, windowMs: plan.feed.windowMs };
    const deliver = (what: (now: Reading) => void) => {
      const arrive = this.process.bound(() => {
        what(this.#now());
        this.probe();
      });
      stream.toClient(arrive);
    };
    return {
      change: (change) => deliver((now) => this.#machine.change(number, change, now)),
      ready: () => deliver((now) => this.#machine.ready(number, boundMs, windowMs, now)),
      pong: (of, time) =>
        deliver((now) => {
          if (number === this.#number) this.#lastPong = now.mono;
          this.#machine.pong(number, of, time);
        }),
    };
  }

  #ended(stream: Stream, number: number): void {
    this.#machine.close(number);
    if (this.#stream !== stream) return;
    this.#stream = undefined;
    this.process.after(this.#world.random.between(5, 200), () => {
      if (this.#stream === undefined) this.#connect();
    });
  }

  #tick(): void {
    if (this.#stream !== undefined && this.#now().mono - this.#lastPong > this.#world.plan.silenceMs) {
      const silent = this.#stream;
      this.#ended(silent, this.#number);
      // The other end may go on talking.
      if (this.#world.random.chance(0.7)) silent.cut();
    } else if (this.#stream !== undefined) {
      this.#ping();
    }
    this.process.after(this.#world.plan.pingMs, () => this.#tick());
  }

  // ---- what an application does

  #work(): void {
    const { random, keys, plan, database } = this.#world;
    this.probe();
    const live = database.liveSessions.map(({ key }) => key);
    const pool = live.length > 0 && random.chance(0.8) ? live : keys;
    this.#verify(random.pick(pool), random.chance(0.2), 2);
    if (random.chance(0.5)) this.#askToken(random.pick(pool));
    if (random.chance(plan.askEveryMs / plan.writeEveryMs / plan.sdks)) this.#change();
    this.process.after(random.between(0.1, 1.9) * plan.askEveryMs, () => this.#work());
  }

  /** Every question at this very moment: what memory says of every session, and of some tokens. */
  probe(): void {
    const { keys, oracle, tokens, random } = this.#world;
    const now = this.#now();
    for (const key of keys) {
      const value = this.#machine.verify(key, now);
      if (value !== undefined) this.#saidYes('local', value);
    }
    for (let tries = 0; tries < 3 && tokens.length > 0; tries++) {
      const token = random.pick(tokens);
      const { leewayMs } = this.#world.plan.token;
      const alive = token.iat <= now.wall + leewayMs && now.wall < token.exp + leewayMs;
      if (alive && this.#machine.token(token, now) === 'accept') oracle.accepted(this.process.name, token);
    }
  }

  #saidYes(how: 'local' | 'remote', value: string): void {
    const { oracle } = this.#world;
    oracle.active(this.process.name, how, value);
    if (this.#ownEnds.has(value.split('/')[0] ?? '')) oracle.brokeOwnWrite(this.process.name, value);
  }

  /** A remote answer may come whenever it likes, and a caller asks again a few times. */
  #verify(key: string, strong: boolean, again: number): void {
    const { random, nodes, network } = this.#world;
    const node = random.pick(nodes);
    const ask = this.#machine.ask(this.#now(), strong);
    const back = this.process.bound((facts: Parameters<Parameters<Node['verify']>[2]>[0]) => {
      const use = this.#machine.answered(ask, key, facts, this.#now());
      if (facts !== undefined && (use === 'kept' || use === 'used')) this.#saidYes('remote', facts.value);
      this.probe();
      if ((use === 'late' || use === 'superseded') && again > 0) this.#verify(key, use === 'superseded', again - 1);
    });
    network.send(this.process.name, node.process.name, () =>
      node.process.run(() =>
        node.verify(key, strong, (facts) => network.send(node.process.name, this.process.name, () => back(facts))),
      ),
    );
  }

  #askToken(key: string): void {
    const { random, nodes, network } = this.#world;
    const node = random.pick(nodes);
    network.send(this.process.name, node.process.name, () =>
      node.process.run(() => node.issue(key, (token) => this.#world.addToken(token))),
    );
  }

  #change(): void {
    const { random, nodes, network, database, plan } = this.#world;
    const live = database.liveSessions;
    if (live.length === 0) return;
    const kind: Write = random.pick(['revoke', 'revoke', 'revoke', 'rotate', 'edit', 'epoch']);
    const { handle } = random.pick(live);
    const node = random.pick(nodes);
    const back = this.process.bound((change: Parameters<Parameters<Node['write']>[2]>[0]) => {
      if (plan.mutant.countsOwnChanges !== false) this.#machine.ownChange(change, this.#now());
      if (kind === 'revoke') this.#ownEnds.add(handle);
      this.probe();
    });
    network.send(this.process.name, node.process.name, () =>
      node.process.run(() =>
        node.write(kind, handle, (change) => network.send(node.process.name, this.process.name, () => back(change))),
      ),
    );
  }
}
