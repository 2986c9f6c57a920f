// Variables and made-up values in scenarios: `${name}`, `{ $repeat: … }` and their like.

export type Variables = Map<string, unknown>;

type Maker = (argument: unknown) => unknown;

const record = (value: unknown): Record<string, unknown> => value as Record<string, unknown>;
const times = <T>(count: unknown, make: (index: number) => T): T[] =>
  Array.from({ length: Number(count) }, (_, i) => make(i));

/** Values too long or too fluid to be written down. */
const MAKERS: Readonly<Record<string, Maker>> = {
  /** `{ text, times }`: a text again and again. */
  $repeat: (argument) => String(record(argument).text).repeat(Number(record(argument).times)),
  /** `{ item, times }`: a list of the same item. */
  $list: (argument) => times(record(argument).times, () => record(argument).item),
  /** `{ text, times }`: a list of texts that end with 1, 2, 3 … */
  $numbered: (argument) => times(record(argument).times, (i) => `${record(argument).text}${i + 1}`),
  /** `{ times, value }`: an object with the members k1, k2, k3 … */
  $entries: (argument) =>
    Object.fromEntries(times(record(argument).times, (i) => [`k${i + 1}`, record(argument).value])),
  /** Seconds ago, as an instant. */
  $ago: (argument) => new Date(Date.now() - Number(argument) * 1_000).toISOString(),
  /** Objects on top of each other; later ones win. */
  $merge: (argument) => Object.assign({}, ...(argument as object[])),
  /** Lists one after the other. */
  $concat: (argument) => (argument as unknown[]).flat(),
};

/** Fills in variables and makes values, at any depth. Matchers pass as they are. */
export function fill(value: unknown, variables: Variables): unknown {
  if (typeof value === 'string') return fillText(value, variables);
  if (Array.isArray(value)) return value.map((element) => fill(element, variables));
  if (typeof value !== 'object' || value === null) return value;
  const filled = Object.fromEntries(
    Object.entries(value).map(([name, member]) => [String(fillText(name, variables)), fill(member, variables)]),
  );
  const [name = '', ...more] = Object.keys(filled);
  const maker = MAKERS[name];
  return maker && more.length === 0 ? maker(filled[name]) : filled;
}

function fillText(text: string, variables: Variables): unknown {
  const whole = /^\$\{([a-z0-9_]+)\}$/.exec(text);
  if (whole) return variable(whole[1] ?? '', variables);
  return text.replaceAll(/\$\{([a-z0-9_]+)\}/g, (_, name: string) => String(variable(name, variables)));
}

function variable(name: string, variables: Variables): unknown {
  if (!variables.has(name)) throw new Error(`no variable ${name}`);
  return variables.get(name);
}

/** The value at a path such as `identity.identifiers[0].value`; the empty path is the whole. */
export function at(value: unknown, path: string): unknown {
  let here = value;
  for (const step of path.split(/[.[\]]+/).filter((part) => part !== '')) {
    if (typeof here !== 'object' || here === null) return undefined;
    here = (here as Record<string, unknown>)[step];
  }
  return here;
}
