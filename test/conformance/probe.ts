// A probe (spec/08_sdks.md): a process of an SDK that answers JSON lines.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** How to start the probe of an SDK. */
export interface Sdk {
  /** Column of the table, such as `python_aio`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface ProbeError {
  readonly reason?: string;
  readonly code?: string;
  readonly fields?: readonly string[];
}

export type Answer = { readonly ok: unknown } | { readonly error: ProbeError };

const ANSWER_TIMEOUT = 20_000;

export class Probe {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<number, (answer: Answer | Error) => void>();
  #next = 1;
  #errors = '';
  #failure: Error | undefined;

  constructor(sdk: Sdk) {
    const { PATH = '', HOME = '', TMPDIR = '/tmp' } = process.env;
    const env = { PATH, HOME, TMPDIR, ...sdk.env };
    this.#child = spawn(sdk.command, sdk.args, { cwd: sdk.cwd, env, stdio: 'pipe' });
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#read(line));
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString('utf8')).slice(-4_000);
    });
    this.#child.stdin.on('error', () => {});
    this.#child.once('error', (error) => this.#fail(`the probe of ${sdk.name} did not start: ${error.message}`));
    this.#child.once('close', (code) => this.#fail(`the probe of ${sdk.name} ended with ${code}: ${this.#errors}`));
  }

  /** Its process. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Whether it can be asked again. */
  get usable(): boolean {
    return this.#failure === undefined;
  }

  async ask(action: string, given: unknown): Promise<Answer> {
    if (this.#failure) throw this.#failure;
    const id = this.#next++;
    const answer = await new Promise<Answer | Error>((resolve) => {
      const late = setTimeout(
        () => this.#fail(`${action} was not answered within ${ANSWER_TIMEOUT} ms`),
        ANSWER_TIMEOUT,
      );
      this.#waiting.set(id, (value) => {
        clearTimeout(late);
        resolve(value);
      });
      this.#child.stdin.write(`${JSON.stringify({ id, do: action, with: given })}\n`);
    });
    if (answer instanceof Error) throw answer;
    return answer;
  }

  /** Ends the process, which closes its connections. */
  close(): void {
    this.#child.stdin.end();
    const late = setTimeout(() => this.#child.kill('SIGKILL'), 2_000);
    this.#child.once('close', () => clearTimeout(late));
  }

  #read(line: string): void {
    const answer = parse(line);
    const resolve = answer && this.#waiting.get(answer.id);
    if (!answer || !resolve) {
      this.#fail(`the probe wrote a line that answers nothing: ${line.slice(0, 300)}`);
      return;
    }
    this.#waiting.delete(answer.id);
    resolve(answer);
  }

  #fail(message: string): void {
    this.#failure ??= new Error(message);
    for (const resolve of this.#waiting.values()) resolve(this.#failure);
    this.#waiting.clear();
    this.#child.kill('SIGKILL');
  }
}

function parse(line: string): (Answer & { id: number }) | undefined {
  try {
    const value = JSON.parse(line) as Partial<{ id: number; ok: unknown; error: unknown }> | null;
    const answers = value !== null && typeof value === 'object' && 'ok' in value !== 'error' in value;
    return answers && typeof value.id === 'number' ? (value as Answer & { id: number }) : undefined;
  } catch {
    return undefined;
  }
}

/** Probes that wait for work: starting one takes longer than most cases. `configure` makes a used one new. */
export class ProbePool {
  readonly #sdk: Sdk;
  readonly #idle: Probe[] = [];

  constructor(sdk: Sdk) {
    this.#sdk = sdk;
  }

  take(): Probe {
    return this.#idle.pop() ?? new Probe(this.#sdk);
  }

  give(probe: Probe): void {
    if (probe.usable) this.#idle.push(probe);
  }

  close(): void {
    for (const probe of this.#idle.splice(0)) probe.close();
  }
}
