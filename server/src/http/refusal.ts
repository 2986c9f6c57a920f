import { CATALOG, type Reason } from '../errors/catalog.ts';
import { TrustError } from '../errors/trust_error.ts';
import type { Texts } from './texts/en.ts';
import type { ErrorView } from './views/error.ts';

/** A text, in whatever language. */
type TextOf = (t: Texts) => string;

/** A page that says no: its status and words. */
export type Refusal = {
  readonly status: 400 | 403 | 404 | 405 | 413 | 415 | 429 | 500 | 503;
  readonly view: (t: Texts) => ErrorView;
  /** Seconds after which to come back. */
  readonly retryAfter?: number;
};

/** A page that says no without more ado. */
const refusal =
  (status: Refusal['status'], title: TextOf, message: TextOf, label?: TextOf) =>
  (href?: string): Refusal => ({
    status,
    view: (t) => ({
      title: title(t),
      message: message(t),
      link: href === undefined || label === undefined ? undefined : { href, label: label(t) },
    }),
  });

export const notFound = refusal(
  404,
  (t) => t.refusals.notFound,
  (t) => t.refusals.notFoundWords,
);

export const wrongMethod = refusal(
  405,
  (t) => t.refusals.wrongMethod,
  (t) => t.refusals.wrongMethodWords,
);

/** A form that is not ours, or of another browser, or too old (spec RED-8). With `href`: where one starts again. */
export const foreignForm = refusal(
  403,
  (t) => t.refusals.foreignForm,
  (t) => t.refusals.foreignFormWords,
  (t) => t.refusals.startAgain,
);

/** A way back from a provider that leads nowhere (spec OAU-2). */
export const oauthOver = refusal(
  403,
  (t) => t.refusals.foreignForm,
  (t) => t.elsewhere.over,
);

/** A link of a mail that was used, is too old, or never was one. */
export const linkOver = refusal(
  404,
  (t) => t.mail.linkOver,
  (t) => t.mail.linkOverWords,
);

/** An invitation that cannot be accepted any more, and why. */
export const invitationOver = (state: string | undefined): Refusal => ({
  status: 404,
  view: ({ invitation: t }) => {
    const why = t.states[(Object.keys(t.states).includes(state ?? '') ? state : 'unknown') as keyof typeof t.states];
    return { title: t.over, message: `${why} ${t.overWords}` };
  },
});

/** With `href`: where one signs in. */
export const signUpClosed = refusal(
  403,
  (t) => t.refusals.signUpClosed,
  (t) => t.refusals.signUpClosedWords,
  (t) => t.signIn.signIn,
);

/** The link that led here is not one that may be followed (spec RED-1, RED-2). `detail` names the field for the app's developer. */
export function badLink(detail: TextOf): Refusal {
  return {
    status: 400,
    view: (t) => ({ title: t.refusals.badLink, message: t.refusals.badLinkWords, detail: detail(t) }),
  };
}

export const badForm = (status: 400 | 413 | 415): Refusal =>
  refusal(
    status,
    (t) => t.refusals.badForm,
    (t) => t.refusals.badFormWords,
  )();

const suspended = refusal(
  403,
  (t) => t.refusals.suspended,
  (t) => t.refusals.suspendedWords,
);

/** What a person reads of an error. Nothing of its inside; unexpected ones leave a number that finds the log line (spec ERR-5). */
export function refusalOf(error: unknown, requestId: string): Refusal {
  const reason: Reason = error instanceof TrustError ? error.reason : 'INTERNAL';
  const { code } = CATALOG[reason];
  if (reason === 'TENANT_SUSPENDED') return suspended();
  if (error instanceof TrustError && (code === 8 || code === 14)) {
    const retryAfter = Math.max(1, Math.ceil((error.retryAfterMs ?? 5_000) / 1_000));
    const status = reason === 'RATE_LIMITED' ? 429 : 503;
    const view = ({ refusals }: Texts) =>
      reason === 'RATE_LIMITED'
        ? { title: refusals.tooManyTries, message: refusals.tooManyTriesWords(Math.ceil(retryAfter / 60)) }
        : { title: refusals.tooBusy, message: refusals.tooBusyWords };
    return { status, retryAfter, view };
  }
  return {
    status: 500,
    view: ({ refusals }) => ({
      title: refusals.failed,
      message: refusals.failedWords,
      detail: refusals.request(requestId),
    }),
  };
}
