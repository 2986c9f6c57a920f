// The page to return to inside the app.

/**
 * Gives a path of the same origin (RED-6): one that begins with one `/`, not followed by `/` or `\`, without control
 * characters. Anything else becomes `/`.
 */
export function safeReturnPath(path: unknown): string {
  return typeof path === 'string' && /^\/(?![/\\])\P{Cc}*$/u.test(path) ? path : '/';
}

/** Writes a path for a `Location` header: what is not visible ASCII is percent-encoded. */
export function toLocation(path: string): string {
  // By way of UTF-8, for encodeURIComponent throws at half a surrogate pair.
  return Buffer.from(path)
    .toString()
    .replace(/[^\x21-\x7e]/gu, encodeURIComponent);
}
