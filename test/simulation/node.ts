import type { FeedChange } from '../../sdks/node/src/lease/facts.ts';
import type { LeaseMachine } from '../../sdks/node/src/lease/machine.ts';
import type { Database, Facts, FeedRow, Write } from './database.ts';
import { FeedTail } from './feed_tail.ts';
import type { Stream } from './network.ts';
import { machineOf } from './plan.ts';
import { Process } from './process.ts';
import type { Token, World } from './world.ts';

/** What a watcher gets. */
export interface Watcher {
  change(change: FeedChange): void;
  ready(): void;
  pong(number: number, databaseTime: number): void;
}

interface Subscriber {
  readonly stream: Stream;
  readonly watcher: Watcher;
  ready: boolean;
  held: { readonly number: number; readonly time: number } | undefined;
}

/** A server node: tails the feed, serves Watch, answers Verify from its own cache, stamps tokens. */
export class Node {
  readonly process: Process;
  readonly #world: World;
  #tail!: FeedTail<FeedRow>;
  #cache!: LeaseMachine<Facts['value']>;
  #facts = new Map<string, Facts>();
  #stream = 0;
  #subscribers = new Map<number, Subscriber>();
  #watchers = 0;

  constructor(world: World, name: string) {
    this.#world = world;
    this.process = new Process(name, world.timeline, world.random, world.plan.skewMs, world.plan.slowClocks);
    this.#start();
  }

  get #database(): Database {
    return this.#world.database;
  }

  #start(): void {
    const { plan } = this.#world;
    this.#tail = new (plan.mutant.tail ?? FeedTail<FeedRow>)(plan.feed);
    this.#cache = machineOf(plan.mutant.nodeMachine, plan.nodeLease);
    this.#subscribers = new Map();
    this.#facts = new Map();
    this.#stream = this.#cache.open();
    this.#poll();
  }

  restart(ms: number): void {
    for (const { stream } of this.#subscribers.values()) stream.cut();
    this.process.restart(ms, () => this.#start());
  }

  // ---- the feed

  /** A question to the database: asked, answered as of one moment, and perhaps lost on either way. */
  #read<T>(question: () => T, answered: (answer: T) => void): void {
    const { network } = this.#world;
    const back = this.process.bound(answered);
    network.send(this.process.name, 'database', () => {
      const answer = question();
      network.send('database', this.process.name, () => back(answer));
    });
  }

  #poll(): void {
    const { plan } = this.#world;
    const stream = this.#stream;
    const now = this.process.now();
    const ping = this.#cache.ping(stream, now);
    const after = this.#tail.begin(now);
    let over = false;
    const next = () => this.process.after(plan.feed.pollMs * this.#world.random.between(0.2, 1), () => this.#poll());
    this.process.after(900, () => {
      if (over) return;
      over = true;
      this.#tail.failed();
      next();
    });
    this.#read(
      () => this.#database.feed(after),
      ({ rows, time }) => {
        if (over) return;
        over = true;
        this.#took(rows, time, stream, ping);
        next();
      },
    );
  }

  #took(rows: readonly FeedRow[], time: number, stream: number, ping: number | undefined): void {
    const now = this.process.now();
    const { fresh, pongs, restart } = this.#tail.done(rows, time, now);
    if (restart) {
      this.#world.trace(this.process.name, 'lost its place in the feed');
      if (this.#world.plan.mutant.endsStreamsAtRestart !== false) {
        for (const { stream: watched } of this.#subscribers.values()) watched.cut();
        this.#subscribers = new Map();
      }
      this.#stream = this.#cache.open();
      this.#facts.clear();
      return;
    }
    const { nodeLease, mutant } = this.#world.plan;
    const deliver = () => {
      for (const { change } of fresh) {
        for (const { watcher } of this.#subscribers.values()) {
          const lost = mutant.sendsEveryRow === false && this.#world.random.chance(0.05);
          if (!lost) watcher.change(change);
        }
      }
    };
    const answer = () => {
      for (const { watcher, number } of pongs) this.#pong(watcher, number, time);
    };
    for (const { change } of fresh) this.#cache.change(stream, change, now);
    for (const step of mutant.pongsAfterRows === false ? [answer, deliver] : [deliver, answer]) step();
    this.#cache.ready(stream, nodeLease.boundMs, nodeLease.windowMs, now);
    if (ping !== undefined) this.#cache.pong(stream, ping, time);
  }

  #pong(id: number, number: number, time: number): void {
    const subscriber = this.#subscribers.get(id);
    if (subscriber === undefined) return;
    if (subscriber.ready || this.#world.plan.mutant.holdsPongs === false) subscriber.watcher.pong(number, time);
    else subscriber.held = { number, time };
  }

  // ---- Watch

  /** `start` has arrived. Gives what to do with the pings of this stream. */
  watch(stream: Stream, watcher: Watcher): (number: number) => void {
    const id = ++this.#watchers;
    const subscriber: Subscriber = { stream, watcher, ready: false, held: undefined };
    const { mutant } = this.#world.plan;
    const subscribe = () => this.#subscribers.set(id, subscriber);
    if (mutant.subscribesFirst !== false) subscribe();
    stream.onServerEnd = this.process.bound(() => {
      this.#subscribers.delete(id);
      this.#tail.forget(id);
    });
    this.#read(
      () => this.#database.feed(0),
      ({ rows }) => {
        subscribe();
        for (const { change } of mutant.sendsBacklog === false ? [] : rows) watcher.change(change);
        subscriber.ready = true;
        watcher.ready();
        const { held } = subscriber;
        if (held !== undefined) watcher.pong(held.number, held.time);
      },
    );
    return this.process.bound((number: number) => this.#tail.ping({ watcher: id, number }));
  }

  // ---- questions

  /** Answers with facts, or undefined for a rejection. */
  verify(key: string, strong: boolean, reply: (facts: Facts | undefined) => void, again = 2): void {
    const value = strong ? undefined : this.#cache.verify(key, this.process.now());
    const cached = this.#facts.get(key);
    if (value !== undefined && cached?.value === value) {
      reply(cached);
      return;
    }
    const ask = this.#cache.ask(this.process.now());
    this.#read(
      () => this.#database.read(key),
      (facts) => {
        const use = this.#cache.answered(ask, key, facts, this.process.now());
        if (use === 'kept' && facts !== undefined) this.#facts.set(key, facts);
        if (use !== 'superseded') reply(facts);
        else if (again > 0) this.verify(key, true, reply, again - 1);
      },
    );
  }

  /** Stamps a token: the clock is read before the session is looked up. */
  issue(key: string, reply: (token: Token) => void): void {
    const { random, plan } = this.#world;
    const { mutant } = plan;
    const early = this.process.now();
    if (mutant.checksStamp !== false && !this.#cache.mayStamp(early)) return;
    const stall = random.chance(plan.net.spikes) ? random.pick([500, 14_000]) : random.between(0, 3);
    this.process.after(random.chance(0.5) ? stall : 0, () =>
      this.verify(key, false, (facts) =>
        this.process.after(random.chance(0.5) ? stall : 0, () => {
          if (facts === undefined) return;
          const { handle: sid, version: ver, identityId: sub, epoch } = facts;
          const late = mutant.stampsBeforeLookUp === false;
          if (late && !this.#cache.mayStamp(this.process.now())) return;
          const iat = (late ? this.process.now() : early).wall;
          reply({ kid: 'key', sid, ver, sub, epoch, iat, exp: iat + plan.token.lifeMs });
        }),
      ),
    );
  }

  write(kind: Write, handle: string, reply: (change: FeedChange) => void): void {
    const { network } = this.#world;
    const back = this.process.bound(reply);
    network.send(this.process.name, 'database', () =>
      this.#database.write(kind, handle, (change) => {
        if (change !== undefined) network.send('database', this.process.name, () => back(change));
      }),
    );
  }
}
