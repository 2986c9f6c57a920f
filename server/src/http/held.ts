import { TrustError } from '../errors/trust_error.ts';
import type { Identity } from '../features/identity/identity.ts';
import type { PendingSignIns } from '../features/pending_sign_in/answer_sign_in.ts';
import type { PendingSignIn } from '../features/pending_sign_in/pending_sign_in.ts';
import { readCookie } from './cookie.ts';
import type { Flow, OwnForm, RedirectFlow } from './flow.ts';
import { foreignForm, type Refusal } from './refusal.ts';
import type { PageContext } from './routes.ts';
import { pageLink } from './views/form.ts';

/** A pending sign-in as its browser holds it. */
export type Held = { readonly pending: PendingSignIn; readonly token: string; readonly binding: string };

/** How pages find the pending sign-in of a browser: by the token in its cookie, bound to its transaction. */
export function heldSignIns(options: {
  readonly tenantId: string;
  readonly flow: RedirectFlow;
  readonly mfa: { readonly pending: Pick<PendingSignIns, 'read' | 'asked'> };
  readonly readIdentity: (tenantId: string, id: string) => Promise<Identity | undefined>;
  readonly refuse: (context: PageContext, refusal: Refusal) => Promise<Response>;
}) {
  const { flow: redirect, mfa, refuse } = options;

  const startAgain = (flow: Flow): Refusal => foreignForm(pageLink('/sign-in', flow.request));

  const heldBy = async (context: PageContext, transaction: string): Promise<Held | undefined> => {
    const token = readCookie(context.req.header('cookie'), redirect.pendingCookie.name) ?? '';
    const binding = redirect.bindingOf(transaction);
    try {
      return { token, binding, pending: await mfa.pending.read({ tenantId: options.tenantId, token, binding }) };
    } catch (error) {
      if (error instanceof TrustError && error.reason === 'PENDING_SIGN_IN_REJECTED') return undefined;
      throw error;
    }
  };

  /**
   * Whose account pages a browser may see and change: that of a sign-in which is held for them and has proved all that is asked. It is at most
   * ten minutes old, ends with the acts that end sign-ins, and no session is enough (spec PAG-1).
   */
  const ownerOf = async ({ pending }: Held): Promise<Identity | undefined> => {
    if (!pending.held) return undefined;
    const identity = await options.readIdentity(options.tenantId, pending.identityId);
    if (identity === undefined || !identity.active || identity.epoch !== pending.epoch) return undefined;
    return (await mfa.pending.asked(pending, identity)).asked === 'nothing' ? identity : undefined;
  };

  return {
    startAgain,
    heldBy,
    ownerOf,

    /** A post of this browser to its own pending sign-in. */
    async posted(context: PageContext): Promise<{ readonly form: OwnForm; readonly held: Held } | Response> {
      const form = await redirect.posted(context, '/sign-in');
      if (form instanceof Response) return form;
      const held = await heldBy(context, form.transaction);
      return held === undefined ? refuse(context, startAgain(form)) : { form, held };
    },
  };
}
