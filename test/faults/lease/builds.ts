// SDKs with a wall clock that a test can set, and such with one rule broken: copies of the real ones with a few words replaced.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Sdk } from '../../conformance/probe.ts';
import { findSdks } from '../../conformance/sdks.ts';

const PLACE = resolve('.cache/faults');

/** What stands once in a file, and what stands there instead. */
type Edit = readonly [file: string, from: string, to: string];
type Language = 'node' | 'python' | 'go';

/** The wall clock is wrong by the milliseconds in the file that TEST_WALL_FILE names. The monotonic one is left alone. */
const CLOCKS: Readonly<Record<Language, readonly Edit[]>> = {
  node: [
    ['src/watch/clocks.ts', "import type { Reading } from '../lease/reading.ts';", nodeClock()],
    ['src/watch/clocks.ts', 'wall: Date.now() })', 'wall: Date.now() + wrongBy() })'],
  ],
  python: [
    ['lease/reading.py', '_MOMENT_MS = 100\n', pythonClock()],
    ['lease/reading.py', '= time.time)', '= _wrong_time)'],
  ],
  go: [
    ['watch.go', '\t"math/rand/v2"\n', '\t"math/rand/v2"\n\t"os"\n\t"strconv"\n'],
    ['watch.go', 'float64(now.UnixNano()) / 1e6}', 'float64(now.UnixNano())/1e6 + wrongBy()}'],
    ['watch.go', 'var clockOrigin = time.Now()\n', goClock()],
  ],
};

/** One rule broken in each language; the same run must then report violations. */
export const MUTANTS = {
  'the lease never ends': {
    node: [['src/lease/lease.ts', 'if (age < this.#lengthMs) return age;', 'if (!Number.isNaN(age)) return age;']],
    python: [
      ['lease/machine.py', 'if not (by_mono < length_ms and by_wall < length_ms):', 'if False:'],
      ['lease/lease.py', 'if elapsed(proof.sent, now) < proof.length_ms:', 'if True:'],
    ],
    go: [
      ['internal/lease/lease.go', 'age := Elapsed(p.sent, now); age < p.lengthMs', 'age := Elapsed(p.sent, now); true'],
    ],
  },
  'only the wall clock counts': {
    node: [['src/lease/reading.ts', 'Math.max(to.mono - from.mono, to.wall - from.wall)', 'to.wall - from.wall']],
    python: [
      ['lease/machine.py', 'if not (by_mono < length_ms and by_wall < length_ms):', 'if not by_wall < length_ms:'],
      ['lease/reading.py', '    if by_mono >= by_wall:\n        return by_mono\n', '    return by_wall\n'],
    ],
    go: [['internal/lease/reading.go', 'max(to.Mono-from.Mono, to.Wall-from.Wall)', 'to.Wall - from.Wall']],
  },
  'a change evicts nothing': {
    node: [
      [
        'src/lease/machine.ts',
        'if (entry !== undefined && !this.tombstones.admits(entry.facts))',
        'if (false as boolean && entry)',
      ],
    ],
    python: [
      [
        'lease/machine.py',
        'if entry is not None and not self._tombstones.admits(self._facts_of(entry.value)):',
        'if False:',
      ],
    ],
    go: [['internal/lease/machine.go', 'if e != nil && !m.admitsEntry(e) {', 'if e != nil && false {']],
  },
} as const satisfies Readonly<Record<string, Readonly<Record<Language, readonly Edit[]>>>>;

export type MutantName = keyof typeof MUTANTS;

/** The SDKs that this machine can play, with a clock that steps. Under CI one that is missing is an error. */
export function buildSdks(names: readonly string[], mutant?: MutantName): Sdk[] {
  const found = findSdks().filter(({ name }) => names.includes(name));
  return found.flatMap(({ name, sdk, missing }) => {
    if (sdk === undefined && process.env.CI === 'true') throw new Error(missing);
    if (sdk === undefined) console.log(`    left out: ${missing}`);
    return sdk === undefined ? [] : [build(name, sdk, mutant)];
  });
}

function build(name: string, sdk: Sdk, mutant: MutantName | undefined): Sdk {
  const language = name === 'python_aio' ? 'python' : (name as Language);
  const edits: readonly Edit[] = [...CLOCKS[language], ...(mutant === undefined ? [] : MUTANTS[mutant][language])];
  const folder = join(PLACE, `${name}_${(mutant ?? 'whole').replaceAll(' ', '_')}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  switch (language) {
    case 'node': {
      for (const part of ['src', 'probe', 'package.json'])
        cpSync(join('sdks/node', part), join(folder, part), { recursive: true });
      edit(folder, folder, edits);
      return { ...sdk, args: [join(folder, 'probe/main.ts')] };
    }
    case 'python': {
      const home = join(folder, 'trust_layer');
      cpSync('sdks/python/src/trust_layer', home, { recursive: true });
      edit(home, home, edits);
      return { ...sdk, env: { PYTHONPATH: folder } };
    }
    case 'go': {
      const from = resolve('sdks/go');
      const changed = edit(from, folder, edits);
      const overlay = join(folder, 'overlay.json');
      writeFileSync(overlay, JSON.stringify({ Replace: Object.fromEntries(changed) }));
      const program = join(folder, 'probe');
      const args = ['build', '-overlay', overlay, '-o', program, './cmd/probe'];
      const { status, stderr } = spawnSync('go', args, { cwd: from, encoding: 'utf8' });
      if (status !== 0) throw new Error(`go build: ${stderr}`);
      return { ...sdk, command: program, args: [] };
    }
  }
}

/** Makes the edits in a copy; each must apply, or what is tested is not what it seems. Gives pairs of old and new files. */
function edit(from: string, to: string, edits: readonly Edit[]): [string, string][] {
  const texts = new Map<string, string>();
  for (const [file, old, fresh] of edits) {
    const text = texts.get(file) ?? readFileSync(join(from, file), 'utf8');
    if (text.split(old).length !== 2) throw new Error(`${file} does not hold exactly once: ${old}`);
    texts.set(
      file,
      text.replace(old, () => fresh),
    );
  }
  return [...texts].map(([file, text]) => {
    const copy = from === to ? join(to, file) : join(to, file.replaceAll('/', '_'));
    writeFileSync(copy, text);
    return [join(from, file), copy];
  });
}

function nodeClock(): string {
  return `import { readFileSync } from 'node:fs';
import type { Reading } from '../lease/reading.ts';
const wrongBy = () => Number(readFileSync(process.env.TEST_WALL_FILE ?? '', 'utf8'));
`;
}

function pythonClock(): string {
  return `_MOMENT_MS = 100


def _wrong_time() -> float:
    import os

    with open(os.environ["TEST_WALL_FILE"]) as file:
        return time.time() + float(file.read()) / 1000
`;
}

function goClock(): string {
  return `var clockOrigin = time.Now()

func wrongBy() float64 {
	text, err := os.ReadFile(os.Getenv("TEST_WALL_FILE"))
	ms, bad := strconv.ParseFloat(string(text), 64)
	if err != nil || bad != nil {
		panic("TEST_WALL_FILE")
	}
	return ms
}
`;
}
