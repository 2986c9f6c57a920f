/** Fields of a query or a form, each at most once. */
export type Fields = Readonly<Record<string, string | undefined>>;

/** Reads `application/x-www-form-urlencoded` text as browsers write it; undefined if a name comes twice or something is not UTF-8. */
export function readFields(text: string): Fields | undefined {
  const fields: Record<string, string> = Object.create(null);
  if (!/^[\x21-\x7e]*$/.test(text)) return undefined;
  try {
    for (const pair of text.split('&')) {
      if (pair === '') continue;
      const split = pair.indexOf('=');
      const name = decode(split < 0 ? pair : pair.slice(0, split));
      if (name in fields) return undefined;
      fields[name] = split < 0 ? '' : decode(pair.slice(split + 1));
    }
  } catch {
    return undefined;
  }
  return fields;
}

// Not URLSearchParams, which turns what is not UTF-8 into replacement characters: different passwords would become one.
const decode = (text: string) => decodeURIComponent(text.replaceAll('+', ' '));
