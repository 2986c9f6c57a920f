import type { Worker } from 'node:cluster';
import { hkdfSync } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import closeWithGrace from 'close-with-grace';
import { announce, type Ready } from './announce.ts';
import { formatAddress } from './config/address.ts';
import type { Config } from './config/config.ts';
import { developmentKeys } from './development.ts';
import { startGrpc } from './grpc/server.ts';
import { startHttp } from './http/server.ts';
import { MINUTE, SECOND } from './kernel/clock.ts';
import { createLog, errorFields, type Log } from './log.ts';
import { type Node, openNode } from './node.ts';
import { obey, SIGNALS } from './workers.ts';

const FLUSH_EVERY = 5 * SECOND;
const SEAL_EVERY = SECOND;
const ADVANCE_EVERY = MINUTE;
const PRUNE_EVERY = 10 * SECOND;
const PURGE_EVERY = 10 * SECOND;
const SEND_EVERY = SECOND;

/** Runs the server; resolves when it has ended in good order. As a worker it obeys the process that started it, and no signal. */
export async function serve(config: Config, worker?: Worker): Promise<void> {
  const log = createLog({ level: config.logLevel, pretty: config.dev && process.stdout.isTTY });
  if (worker !== undefined) log.setBindings({ worker: worker.id });
  const node = await openNode(config, log);
  const { keyFiles, grpc, http } = await start(config, node, log).catch(async (error: unknown) => {
    await node.close();
    throw error;
  });
  // What a read-only node has noted stays noted.
  const mayWrite = !config.readOnly;
  const schedule = mayWrite
    ? [
        every(FLUSH_EVERY, log, 'flush_uses', node.flushes.uses),
        every(FLUSH_EVERY, log, 'flush_audit', node.flushes.audit),
      ]
    : [];
  let ending = false;
  const maintain = () => {
    if (!mayWrite || ending) return;
    schedule.push(
      every(SEAL_EVERY, log, 'seal_events', node.sealEvents),
      ...(node.sendEvents ? [every(SEAL_EVERY, log, 'send_events', node.sendEvents)] : []),
      every(PRUNE_EVERY, log, 'prune_changes', node.pruneChanges),
      every(PURGE_EVERY, log, 'purge', node.purge.run),
      every(ADVANCE_EVERY, log, 'prune_rate_limits', node.pruneRateLimits),
      every(PURGE_EVERY, log, 'delete_due', node.deleteDue),
      ...(node.sendMails === undefined ? [] : [every(SEND_EVERY, log, 'send_mails', node.sendMails.run)]),
      every(ADVANCE_EVERY, log, 'advance_signing_keys', node.advanceAllSigningKeys),
    );
  };
  const ready: Ready = {
    grpc: grpc.address,
    http: formatAddress({ ...config.httpAddress, port: http.port }),
    database: node.store.database,
    keyFiles,
  };
  setTimeout(giveMemoryBack, SECOND).unref();

  await new Promise<void>((done) => {
    const skip = worker === undefined ? [] : [...SIGNALS];
    const grace = closeWithGrace(
      { delay: config.drainMs + 5 * SECOND, logger: false, skip },
      async ({ signal, err }) => {
        if (err) log.fatal({ event: 'crash', ...errorFields(err) }, 'Stopping after an unexpected error.');
        log.info({ event: 'draining', signal }, 'Draining.');
        ending = true;
        for (const stop of schedule) stop();
        node.purge.stop();
        await Promise.all([grpc.drain(), http.close(), node.sendMails?.drain()]);
        for (const flush of config.readOnly ? [] : Object.values(node.flushes)) await attempt(log, 'flush', flush);
        await node.close();
        log.info({ event: 'stopped' }, 'Stopped.');
        done();
      },
    );
    if (worker === undefined) {
      maintain();
      announce(config, log, ready);
    } else {
      obey({ log, ready, maintain, drain: () => void grace.close() });
    }
  });
}

/** Opens both doors, or none: half a server would serve on without its schedule, and nobody would start it again. */
async function start(config: Config, node: Node, log: Log) {
  const keyFiles = config.dev ? await developmentKeys(node, node.store, config.dataDir) : [];
  const grpc = await startGrpc({
    ...config,
    address: config.grpcAddress,
    handlers: node.handlers,
    authenticate: node.authenticate,
    ping: node.store.ping,
    log,
  }).catch(unlistened('TRUST_GRPC_ADDRESS'));
  try {
    const http = await startHttp({
      ...config,
      address: config.httpAddress,
      ...node.pages,
      readOutbox: node.readOutbox,
      ping: node.store.ping,
      formKey: Buffer.from(hkdfSync('sha256', node.masterKey, '', 'trust-layer form token', 32)),
      log,
    }).catch(unlistened('TRUST_HTTP_ADDRESS'));
    return { keyFiles, grpc, http };
  } catch (error) {
    await grpc.drain();
    throw error;
  }
}

/** An address that cannot be listened on is the setting's business. */
function unlistened(variable: string) {
  return (error: unknown): never => {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const why = code === 'EADDRINUSE' ? 'is in use by another process' : `cannot be listened on (${message})`;
    throw new Error(`The address ${why}. Set ${variable} to another one.`, { cause: error });
  };
}

/** Loading the modules leaves garbage that V8 would keep for good: one thorough collection gives about 14 MB back (bench start). */
function giveMemoryBack(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: object) => void;
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

/** Runs a job again and again, one at a time; a failure is logged and the next turn tries anew. */
function every(ms: number, log: Log, name: string, job: () => Promise<unknown>): () => void {
  let timer: NodeJS.Timeout | undefined;
  const turn = async () => {
    await attempt(log, name, job);
    timer = timer && setTimeout(turn, ms).unref();
  };
  timer = setTimeout(turn, ms).unref();
  return () => {
    clearTimeout(timer);
    timer = undefined;
  };
}

async function attempt(log: Log, name: string, job: () => Promise<unknown>): Promise<void> {
  try {
    await job();
  } catch (error) {
    log.warn({ event: 'job_failed', name, error }, 'A job failed; it is tried again.');
  }
}
