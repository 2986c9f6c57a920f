/** The value of a cookie; undefined if it is absent or there is more than one of its name. */
export function readCookie(header: string | undefined, name: string): string | undefined {
  const values = (header ?? '').split(';').flatMap((pair) => {
    const [key, ...value] = pair.split('=');
    return key?.trim() === name ? [value.join('=').trim()] : [];
  });
  return values.length === 1 ? values[0] : undefined;
}

/** A cookie that the pages give and take away. */
export type PageCookie = {
  readonly name: string;
  /** A `Set-Cookie` header that gives it. */
  give(value: string): string;
  /** A `Set-Cookie` header that takes it away. */
  readonly take: string;
};

/** The cookie of a browser's sign-in transaction. */
export type TransactionCookie = PageCookie;

/** How long a browser keeps the token of a pending sign-in, and of a remembered device (400 days, the most that browsers allow): the server decides sooner. */
export const PENDING_SECONDS = 10 * 60;
export const DEVICE_SECONDS = 400 * 24 * 3_600;

/** How long a person may look at a form, in seconds. */
export const TRANSACTION_SECONDS = 30 * 60;

/**
 * Lax, since a browser that comes from the app sends no Strict cookie: a second tab would replace the transaction of the first.
 * Without `Secure` and its prefix on plain http, which the configuration allows on loopback only.
 */
export function transactionCookie(publicUrl: string): TransactionCookie {
  return cookieOf(publicUrl, 'trust_txn', TRANSACTION_SECONDS);
}

/** A cookie of the pages. */
export function cookieOf(publicUrl: string, plainName: string, seconds: number): PageCookie {
  const secure = publicUrl.startsWith('https:');
  const name = secure ? `__Host-${plainName}` : plainName;
  const attributes = `Path=/; ${secure ? 'Secure; ' : ''}HttpOnly; SameSite=Lax`;
  return {
    name,
    give: (value) => `${name}=${value}; Max-Age=${seconds}; ${attributes}`,
    take: `${name}=; Max-Age=0; ${attributes}`,
  };
}
