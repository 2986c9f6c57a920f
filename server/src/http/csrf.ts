import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SignInRequest } from '../features/sign_in/sign_in_request.ts';
import { type Clock, SECOND } from '../kernel/clock.ts';
import type { Random } from '../kernel/random.ts';
import { TRANSACTION_SECONDS } from './cookie.ts';

/** Whether a form comes from a page of ours (spec RED-8). Browsers that send no `Sec-Fetch-Site` send `Origin`. */
export function isOwnForm(publicUrl: string, site: string | undefined, origin: string | undefined): boolean {
  return site === undefined ? origin === publicUrl : site === 'same-origin';
}

/** Tokens that bind a form to one browser's transaction and to where it leads, for as long as the transaction lives. */
export type FormTokens = {
  /** A new transaction: the value of its cookie. */
  newTransaction(): string;
  /** Whether a cookie's value has the form of a transaction's. */
  isTransaction(value: string | undefined): value is string;
  token(transaction: string, request: SignInRequest): string;
  holds(token: string | undefined, transaction: string | undefined, request: SignInRequest): boolean;
};

const TRANSACTION = /^[A-Za-z0-9_-]{43}$/;
const TOKEN = /^(\d{13})\.([A-Za-z0-9_-]{43})$/;

/** `key` is the same on every node, so that any takes a form of any other. */
export function formTokens(deps: {
  readonly key: Uint8Array;
  readonly clock: Clock;
  readonly random: Random;
}): FormTokens {
  const seal = (expiresAt: string, transaction: string, { returnTo, state, codeChallenge }: SignInRequest) =>
    createHmac('sha256', deps.key)
      .update(JSON.stringify([expiresAt, transaction, returnTo, state, codeChallenge]))
      .digest('base64url');
  const isTransaction = (value: string | undefined): value is string => value !== undefined && TRANSACTION.test(value);

  return {
    newTransaction: () => Buffer.from(deps.random(32)).toString('base64url'),
    isTransaction,
    token(transaction, request) {
      const expiresAt = String(deps.clock() + TRANSACTION_SECONDS * SECOND).padStart(13, '0');
      return `${expiresAt}.${seal(expiresAt, transaction, request)}`;
    },
    holds(token, transaction, request) {
      const [, expiresAt, given] = TOKEN.exec(token ?? '') ?? [];
      if (expiresAt === undefined || given === undefined || !isTransaction(transaction)) return false;
      const expected = Buffer.from(seal(expiresAt, transaction, request));
      return timingSafeEqual(Buffer.from(given), expected) && deps.clock() < Number(expiresAt);
    },
  };
}
