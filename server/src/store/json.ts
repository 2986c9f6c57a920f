/** Lists and maps are JSON text in the database: their order is kept and every database gives back what it was given. */
export const toJson = (value: unknown): string => JSON.stringify(value);

export const listFrom = (text: string): readonly string[] => parsed(text) as readonly string[];
export const mapFrom = (text: string): Readonly<Record<string, string>> => parsed(text) as Record<string, string>;

// Rows of the hot path repeat few short values (`["pwd"]`, `{}`): each is parsed once and shared, frozen.
const MAX_TEXT = 64;
const MAX_SHARED = 1000;
const shared = new Map<string, unknown>();

function parsed(text: string): unknown {
  if (text.length > MAX_TEXT) return JSON.parse(text);
  const known = shared.get(text);
  if (known !== undefined) return known;
  const value: unknown = Object.freeze(JSON.parse(text));
  if (shared.size < MAX_SHARED) shared.set(text, value);
  return value;
}
