// The small language of `expect`: plain values are exact, objects may hold more than is asked for, `$…` says the rest.

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (Array.isArray(value) && value.length === 0) ||
  (isObject(value) && Object.keys(value).length === 0);
const show = (value: unknown): string => {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
};

/** An instant with at most millisecond precision, in UTC or with an offset. */
const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

type Operator = (argument: unknown, actual: unknown, path: string) => string[];

const OPERATORS: Readonly<Record<string, Operator>> = {
  /** Present, whatever it is. */
  $any: (_, actual, path) =>
    actual === undefined || actual === null ? [`${path}: expected a value, got nothing`] : [],
  /** Not there, or null. */
  $absent: (_, actual, path) =>
    actual === undefined || actual === null ? [] : [`${path}: expected nothing, got ${show(actual)}`],
  /** Not there, or without content. */
  $empty: (_, actual, path) => (isEmpty(actual) ? [] : [`${path}: expected nothing in it, got ${show(actual)}`]),
  /** A text that the regular expression matches somewhere. */
  $match: (argument, actual, path) =>
    typeof actual === 'string' && new RegExp(String(argument), 'u').test(actual)
      ? []
      : [`${path}: expected a text like /${argument}/, got ${show(actual)}`],
  /** Anything that the argument does not match. */
  $not: (argument, actual, path) =>
    differences(argument, actual, path).length > 0 ? [] : [`${path}: expected anything but ${show(argument)}`],
  /** A list in which some element matches each element of the argument. */
  $contains: (argument, actual, path) => {
    if (!Array.isArray(argument)) throw new Error('$contains takes a list');
    if (!Array.isArray(actual)) return [`${path}: expected a list, got ${show(actual)}`];
    return argument.flatMap((wanted) =>
      actual.some((element) => differences(wanted, element).length === 0)
        ? []
        : [`${path}: expected an element like ${show(wanted)} in ${show(actual)}`],
    );
  },
  /** A list in which no element matches the argument. */
  $lacks: (argument, actual, path) =>
    (Array.isArray(actual) ? actual : []).some((element) => differences(argument, element).length === 0)
      ? [`${path}: expected no element like ${show(argument)} in ${show(actual)}`]
      : [],
  /** A list whose elements all match the argument. */
  $each: (argument, actual, path) =>
    Array.isArray(actual)
      ? actual.flatMap((element, index) => differences(argument, element, `${path}[${index}]`))
      : [`${path}: expected a list, got ${show(actual)}`],
  /** A list or text of that length. */
  $length: (argument, actual, path) => {
    const length =
      Array.isArray(actual) || typeof actual === 'string' ? actual.length : isEmpty(actual) ? 0 : undefined;
    return length === argument ? [] : [`${path}: expected length ${argument}, got ${length ?? show(actual)}`];
  },
  /** A number greater than the argument. */
  $above: (argument, actual, path) =>
    typeof actual === 'number' && actual > Number(argument)
      ? []
      : [`${path}: expected more than ${argument}, got ${show(actual)}`],
  /** A number not greater than the argument. */
  $most: (argument, actual, path) =>
    typeof actual === 'number' && actual <= Number(argument)
      ? []
      : [`${path}: expected at most ${argument}, got ${show(actual)}`],
  /** An instant; with `from` and `seconds`, that many seconds after `from`, give or take `within` seconds (default 0). */
  $instant: instant,
  /** An object with exactly these members. */
  $exactly: (argument, actual, path) => {
    if (!isObject(argument)) throw new Error('$exactly takes an object');
    const extra = isObject(actual) ? Object.keys(actual).filter((name) => !(name in argument)) : [];
    return [...differences(argument, actual, path), ...extra.map((name) => `${path}.${name}: not expected`)];
  },
  /** One of several. */
  $one_of: (argument, actual, path) => {
    if (!Array.isArray(argument)) throw new Error('$one_of takes a list');
    return argument.some((choice) => differences(choice, actual).length === 0)
      ? []
      : [`${path}: expected one of ${show(argument)}, got ${show(actual)}`];
  },
};

function instant(argument: unknown, actual: unknown, path: string): string[] {
  if (typeof actual !== 'string' || !RFC_3339.test(actual))
    return [`${path}: expected an instant, got ${show(actual)}`];
  if (!isObject(argument)) return [];
  const { from, seconds, within = 0 } = argument as { from: string; seconds: number; within?: number };
  const apart = (Date.parse(actual) - Date.parse(from)) / 1_000;
  return Math.abs(apart - seconds) <= within ? [] : [`${path}: expected ${seconds} s after ${from}, got ${actual}`];
}

/** What in `actual` is not as `expected` says, one line each; empty if all is. */
export function differences(expected: unknown, actual: unknown, path = '$'): string[] {
  if (expected === null) return isEmpty(actual) ? [] : [`${path}: expected nothing, got ${show(actual)}`];
  if (Array.isArray(expected)) {
    if (expected.length === 0 && isEmpty(actual)) return [];
    if (!Array.isArray(actual)) return [`${path}: expected a list, got ${show(actual)}`];
    if (actual.length !== expected.length) {
      return [`${path}: expected ${expected.length} elements, got ${actual.length}: ${show(actual)}`];
    }
    return expected.flatMap((wanted, index) => differences(wanted, actual[index], `${path}[${index}]`));
  }
  if (isObject(expected)) return objectDifferences(expected, actual, path);
  return Object.is(expected, actual) ? [] : [`${path}: expected ${show(expected)}, got ${show(actual)}`];
}

function objectDifferences(expected: Json, actual: unknown, path: string): string[] {
  const names = Object.keys(expected);
  if (names.some((name) => name.startsWith('$'))) {
    return names.flatMap((name) => {
      const operator = OPERATORS[name];
      if (!operator) throw new Error(`${name} is not a matcher`);
      return operator(expected[name], actual, path);
    });
  }
  if (names.length === 0 && isEmpty(actual)) return [];
  if (!isObject(actual)) return [`${path}: expected an object, got ${show(actual)}`];
  return names.flatMap((name) => differences(expected[name], actual[name], `${path}.${name}`));
}
