import type { Timeline } from './timeline.ts';

export interface Violation {
  readonly at: number;
  readonly who: string;
  readonly what: string;
  /** Milliseconds beyond the bound. */
  readonly late: number;
}

/** Knows when each change was committed, and judges every yes. Commit is before the acknowledgement, so this claims more than the protocol must. */
export class Oracle {
  readonly violations: Violation[] = [];
  readonly counts = { revocations: 0, changes: 0, local: 0, remote: 0, tokens: 0 };
  readonly #timeline: Timeline;
  readonly #boundMs: number;
  /** By subject and number, when a higher number was committed: `ses_1/2` was superseded at … */
  readonly #superseded = new Map<string, number>();

  constructor(timeline: Timeline, boundMs: number) {
    this.#timeline = timeline;
    this.#boundMs = boundMs;
  }

  sessionRaised(handle: string, version: number, revoked: boolean): void {
    this.#note(`${handle}/${version - 1}`);
    if (revoked) this.counts.revocations += 1;
    this.counts.changes += 1;
  }

  identityRaised(id: string, epoch: number, version: number): void {
    const raised = this.#note(`${id}/e${epoch - 1}`);
    this.#note(`${id}/v${version - 1}`);
    if (raised && epoch > 1) this.counts.revocations += 1;
    this.counts.changes += 1;
  }

  /** An SDK answered active with these facts (`handle/version/identity/epoch/identity version`). */
  active(who: string, how: 'local' | 'remote', value: string): void {
    this.counts[how] += 1;
    const [handle, version, identity, epoch, identityVersion] = value.split('/');
    const names = [`${handle}/${version}`, `${identity}/e${epoch}`, `${identity}/v${identityVersion}`];
    this.#judge(who, `${how} yes for ${value}`, names);
  }

  /** A watching verifier accepted a token. */
  accepted(
    who: string,
    token: { readonly sid: string; readonly ver: number; readonly sub: string; readonly epoch: number },
  ): void {
    this.counts.tokens += 1;
    const { sid, ver, sub, epoch } = token;
    this.#judge(who, `token of ${sid}/${ver}/${sub}/${epoch}`, [`${sid}/${ver}`, `${sub}/e${epoch}`]);
  }

  /** A process answered active after its own revocation had been answered. */
  brokeOwnWrite(who: string, value: string): void {
    this.violations.push({ at: this.#timeline.now, who, what: `yes after its own revocation of ${value}`, late: 0 });
  }

  #judge(who: string, what: string, names: readonly string[]): void {
    let since = Infinity;
    for (const name of names) since = Math.min(since, this.#superseded.get(name) ?? Infinity);
    const late = this.#timeline.now - since - this.#boundMs;
    if (late > 0) this.violations.push({ at: this.#timeline.now, who, what, late });
  }

  #note(name: string): boolean {
    if (this.#superseded.has(name)) return false;
    this.#superseded.set(name, this.#timeline.now);
    return true;
  }
}
