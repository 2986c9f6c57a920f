import cluster, { type Worker } from 'node:cluster';
import closeWithGrace from 'close-with-grace';
import { announce, type Ready } from './announce.ts';
import type { Config } from './config/config.ts';
import { SECOND } from './kernel/clock.ts';
import { createLog, errorFields, type Log } from './log.ts';

/** Sent to whole groups of processes, by terminals and supervisors; workers leave them to the process that started them. */
export const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const;

/** A worker that lived for less is started again later, and later still if that happens again. */
const SHORT_LIFE = 10 * SECOND;
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 10 * SECOND;

type Order = 'maintain' | 'drain';

/**
 * Runs several servers behind the same addresses: this process takes connections in turn and gives each to a worker, starts a worker anew that
 * ended, names the one that does what need be done once on a machine, and ends them all in good order.
 */
export async function serveByWorkers(config: Config): Promise<void> {
  const log = createLog({ level: config.logLevel, pretty: config.dev && process.stdout.isTTY });
  const alive = new Set<Worker>();
  const ready = new Set<Worker>();
  let keeper: Worker | undefined;
  let ending = false;
  let allGone = () => {};
  let shortLives = 0;

  const order = (worker: Worker, what: Order) => worker.isConnected() && worker.send(what);

  /** Purges and key rotation are safe in any number of processes, and done by one. */
  function appoint(): void {
    if (keeper !== undefined || ending) return;
    [keeper] = ready;
    if (keeper !== undefined) order(keeper, 'maintain');
  }

  /** Resolves when the worker serves, or without a value when it ended before. */
  function start(): Promise<Ready | undefined> {
    const worker = cluster.fork();
    const begun = performance.now();
    alive.add(worker);
    return new Promise((resolve) => {
      worker.once('message', (message: Ready) => {
        ready.add(worker);
        if (ending) order(worker, 'drain');
        appoint();
        resolve(message);
      });
      // A connection or an order that was on its way to a worker that is gone: its exit, which follows, says what to do.
      worker.on('error', (error) =>
        log.debug({ event: 'worker_unreachable', worker: worker.id, ...errorFields(error) }, 'A worker took nothing.'),
      );
      worker.once('exit', (code, signal) => {
        alive.delete(worker);
        const served = ready.delete(worker);
        if (keeper === worker) keeper = undefined;
        resolve(undefined);
        if (ending && alive.size === 0) allGone();
        appoint();
        if (ending || !started) return;
        shortLives = served && performance.now() - begun >= SHORT_LIFE ? 0 : shortLives + 1;
        const pause = shortLives === 0 ? 0 : Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (shortLives - 1));
        log.error(
          { event: 'worker_ended', worker: worker.id, pid: worker.process.pid, code, signal, retry_after_ms: pause },
          'A worker ended; another is started.',
        );
        setTimeout(() => !ending && void start(), pause);
      });
    });
  }

  let started = false;
  let withdraw = () => {};
  const ended = new Promise<void>((done) => {
    const grace = closeWithGrace({ delay: config.drainMs + 10 * SECOND, logger: false }, async ({ signal, err }) => {
      if (err) log.fatal({ event: 'crash', ...errorFields(err) }, 'Stopping after an unexpected error.');
      ending = true;
      log.info({ event: 'draining_workers', signal, workers: alive.size }, 'Draining all workers.');
      const gone = new Promise<void>((resolve) => {
        allGone = resolve;
      });
      for (const worker of alive) {
        if (ready.has(worker)) order(worker, 'drain');
        // It has no doors open yet; if it opens them before it is gone, it is told then.
        else worker.process.kill('SIGTERM');
      }
      if (alive.size > 0) await gone;
      log.info({ event: 'workers_stopped' }, 'All workers have stopped.');
      done();
    });
    withdraw = grace.uninstall;
  });

  // The first brings the database forward and makes what there is one of: the others find it.
  const first = await start();
  if (first === undefined) {
    if (ending) return ended;
    withdraw();
    throw new Error('The server did not start.');
  }
  started = true;
  await Promise.all(Array.from({ length: config.workers - 1 }, start));
  if (!ending) announce(config, log, first);
  return ended;
}

/** The other side: tells that this worker serves, and does what it is told. */
export function obey(parts: {
  readonly log: Log;
  readonly ready: Ready;
  readonly maintain: () => void;
  readonly drain: () => void;
}): void {
  const { log, ready, maintain, drain } = parts;
  for (const signal of SIGNALS) process.on(signal, () => {});
  let draining = false;
  process.on('message', (order: Order) => {
    if (draining) return;
    log.debug({ event: `worker_${order}` }, 'Told by the process that started this worker.');
    if (order === 'maintain') return maintain();
    draining = true;
    drain();
  });
  process.send?.(ready);
  log.info({ event: 'worker_ready', pid: process.pid }, 'A worker is ready.');
}
