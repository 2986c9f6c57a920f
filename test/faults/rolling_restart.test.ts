// Two nodes on one PostgreSQL are replaced one by one while every SDK verifies without a pause: not one question goes unanswered.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Probe, type Sdk } from '../conformance/probe.ts';
import { findSdks } from '../conformance/sdks.ts';
import { needsPostgres } from '../support/needs.ts';
import { RpcCaller } from '../support/rpc_caller.ts';
import { newIdentity, newSession } from '../support/shared_server.ts';
import { type TwoNodes, twoNodes } from '../support/two_nodes.ts';

const SESSIONS = 12;
const CALLERS = 4;
/** Questions that each SDK must have had answered between two steps. */
const BETWEEN = 50;
const TIMEOUT_MS = 15_000;

type Told = {
  readonly ok?: { readonly active?: boolean; readonly reason?: string };
  readonly error?: { readonly reason?: string };
};

/** One SDK that asks about the same sessions without end. */
class Asker {
  readonly name: string;
  answered = 0;
  /** How often each reason was told during each step. */
  readonly failures: Record<string, number> = {};
  readonly #probe: Probe;
  readonly #watch: boolean;

  constructor(sdk: Sdk, watch: boolean) {
    this.name = `${sdk.name}, ${watch ? 'from memory under a lease' : 'each one a call'}`;
    this.#probe = new Probe(sdk);
    this.#watch = watch;
  }

  async configure(addresses: readonly string[], serviceKey: string): Promise<void> {
    // A list is one text in Go.
    const address = this.name.startsWith('go') ? addresses.join(',') : addresses;
    const given = { address, service_key: serviceKey, watch: this.#watch, timeout_ms: TIMEOUT_MS };
    const { error } = (await this.#probe.ask('configure', given)) as Told;
    assert.equal(error, undefined, this.name);
    if (this.#watch) await this.#probe.ask('await_lease', { timeout_ms: TIMEOUT_MS });
  }

  async run(sessionIds: readonly string[], step: () => string | undefined): Promise<void> {
    const caller = async (place: number) => {
      for (let turn = place; step() !== undefined; turn += CALLERS) {
        // So many processes share the machine; and from memory an answer takes no time.
        await sleep(5);
        const { ok, error } = (await this.#probe.ask('verify', {
          session_id: sessionIds[turn % sessionIds.length],
        })) as Told;
        this.answered += 1;
        if (ok?.active === true) continue;
        const what = `${error?.reason ?? ok?.reason ?? 'no answer'} while ${step() ?? 'ending'}`;
        this.failures[what] = (this.failures[what] ?? 0) + 1;
      }
    };
    await Promise.all(Array.from({ length: CALLERS }, (_, place) => caller(place)));
  }

  close(): void {
    this.#probe.close();
  }
}

describe('fault: rolling restart of two nodes under load', function () {
  this.timeout(180_000);
  let pair: TwoNodes;
  let askers: Asker[] = [];

  before(async function () {
    needsPostgres(this);
    pair = await twoNodes({ TRUST_DRAIN_MS: '5000', TRUST_LOG_LEVEL: 'warn' });
  });
  after(async () => {
    for (const asker of askers) asker.close();
    await pair?.remove();
  });

  it('SDK-6 no verify fails in any SDK while one node serves', async () => {
    const { nodes } = pair;
    const addresses = nodes.map(({ grpcAddress }) => grpcAddress);
    askers = findSdks().flatMap(({ sdk, missing }) => {
      assert.ok(sdk, missing);
      return [new Asker(sdk, false), new Asker(sdk, true)];
    });
    const rpc = new RpcCaller(nodes[0].grpcAddress, nodes[0].serviceKey);
    const identityId = await newIdentity(rpc);
    const sessionIds: string[] = [];
    while (sessionIds.length < SESSIONS) sessionIds.push((await newSession(rpc, identityId)).sessionId);
    rpc.close();
    await Promise.all(askers.map((asker) => asker.configure(addresses, nodes[0].serviceKey)));

    let step: string | undefined = 'both serve';
    const running = askers.map((asker) => asker.run(sessionIds, () => step));
    const more = async (next: string) => {
      step = next;
      const goals = askers.map((asker) => asker.answered + BETWEEN);
      while (askers.some((asker, place) => asker.answered < (goals[place] ?? 0))) await sleep(20);
    };
    try {
      await more('both serve');
      for (const [place, node] of nodes.entries()) {
        step = `node ${place} drains`;
        assert.equal(await node.stop(30_000), 0);
        await more(`node ${place} is down`);
        await node.restart();
        // The other one is next, whether the SDKs have found their way back or not.
        await more(`node ${place} is back`);
      }
    } finally {
      step = undefined;
      await Promise.allSettled(running);
    }
    const failed = askers.filter(({ failures }) => Object.keys(failures).length > 0);
    assert.deepEqual(Object.fromEntries(failed.map(({ name, failures }) => [name, failures])), {});
  });
});
