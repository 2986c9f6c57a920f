import type { ListName, PageTokens } from '../contract/page_tokens.ts';
import { TrustError } from '../errors/trust_error.ts';
import type { AuditStore } from '../features/audit/store.ts';
import { doneFrom } from '../features/cascade/cascade.ts';
import type { RemoveEmail, RenameIdentity } from '../features/identity/change_identity.ts';
import type { Identity } from '../features/identity/identity.ts';
import type { RevokeIdentitySessions } from '../features/identity/revoke_identity_sessions.ts';
import type { SetPassword } from '../features/password/set_password.ts';
import type { AuthenticatePassword } from '../features/password/sign_in_with_password.ts';
import type { PendingSignIns } from '../features/pending_sign_in/answer_sign_in.ts';
import type { DeletePerson } from '../features/personal_data/deletion.ts';
import type { ExportIdentity } from '../features/personal_data/export_identity.ts';
import type { ListSessions } from '../features/session/list_sessions.ts';
import type { RevokeSession } from '../features/session/revoke_session.ts';
import { DAY } from '../kernel/clock.ts';
import type { Page, PageQuery, Position } from '../kernel/page.ts';
import type { PlaceName } from '../kernel/place_name.ts';
import { ACTOR, type Flow, type FlowOptions, type OwnForm, type RedirectFlow } from './flow.ts';
import { type Held, heldSignIns } from './held.ts';
import type { PageContext, PageHandlers } from './routes.ts';
import { readDisplayName } from './sign_in_pages.ts';
import {
  activityView,
  deletedView,
  type EventView,
  isShown,
  overviewView,
  sessionsView,
  signedOutView,
} from './views/account.ts';
import { type FormFaultView, pageLink } from './views/form.ts';
import type { Html } from './views/layout.ts';

export type AccountUseCases = {
  readonly renameIdentity: RenameIdentity;
  readonly removeEmail: RemoveEmail;
  readonly setPassword: SetPassword;
  readonly listSessions: ListSessions;
  readonly revokeSession: RevokeSession;
  readonly revokeIdentitySessions: RevokeIdentitySessions;
  readonly listEvents: AuditStore['list'];
  readonly exportIdentity: ExportIdentity;
  readonly deletePerson: DeletePerson;
};

/** How many rows a page of a list has. */
const ROWS = 50;

/** What a person looks after, besides their factors: profile, password, sessions, what has happened, and their data (spec PAG-1 to PAG-6). */
export function accountPages(
  options: FlowOptions & {
    readonly flow: RedirectFlow;
    readonly account: AccountUseCases;
    readonly placeName: PlaceName;
    readonly email: { readonly enabled: boolean };
    readonly pageTokens: PageTokens;
    readonly authenticatePassword: AuthenticatePassword;
    readonly mfa: { readonly pending: Pick<PendingSignIns, 'read' | 'asked' | 'abandon'> };
    readonly readIdentity: (tenantId: string, id: string) => Promise<Identity | undefined>;
  },
): Pick<
  PageHandlers,
  | 'account'
  | 'changeProfile'
  | 'changePassword'
  | 'accountSessions'
  | 'endSessions'
  | 'downloadData'
  | 'deletePerson'
  | 'accountActivity'
  | 'signOut'
> {
  const { flow: redirect, account, refuse } = options;
  const signIns = heldSignIns(options);

  type Owner = { readonly flow: Flow; readonly transaction: string; readonly identity: Identity; readonly held: Held };

  /** Who may see a page; anybody else signs in first. */
  const opened = async (context: PageContext): Promise<Owner | Response> => {
    const flow = await redirect.opened(context);
    if (flow instanceof Response) return flow;
    const transaction = redirect.transactionOf(context);
    const held = await signIns.heldBy(context, transaction);
    const identity = held && (await signIns.ownerOf(held));
    if (held === undefined || identity === undefined) return context.redirect(pageLink('/security', flow.request), 303);
    return { flow, transaction, identity, held };
  };

  const posted = async (context: PageContext): Promise<(Owner & { readonly form: OwnForm }) | Response> => {
    const own = await signIns.posted(context);
    if (own instanceof Response) return own;
    const identity = await signIns.ownerOf(own.held);
    if (identity === undefined) return refuse(context, signIns.startAgain(own.form));
    return { flow: own.form, form: own.form, transaction: own.form.transaction, identity, held: own.held };
  };

  const form = (context: PageContext, { flow, transaction }: Owner, fault?: FormFaultView) =>
    redirect.formPage(context, flow, transaction, fault);

  const write = (context: PageContext, { flow }: Owner, title: string, body: Html, fault?: FormFaultView) =>
    options.page(context, {
      status: fault === undefined ? 200 : 422,
      title,
      body,
      formTarget: flow.request.returnTo,
      link: context.req.method === 'GET' ? undefined : pageLink('/account', flow.request),
    });

  const overview = (context: PageContext, owner: Owner, fault?: FormFaultView, done?: 'profile' | 'password') => {
    const waitDays = owner.flow.settings.deletionWait / DAY;
    const body = overviewView({
      ...form(context, owner, fault),
      identity: owner.identity,
      byMail: options.email.enabled,
      done,
      waitDays,
    });
    return write(context, owner, context.var.t.account.account, body, fault);
  };

  /** One page of a list: where the query says, else its beginning; and where the next begins. */
  const listed = async <T>(context: PageContext, list: ListName, read: (query: PageQuery) => Promise<Page<T>>) => {
    const { rows, next } = await read({
      limit: ROWS,
      ...startOf(options.pageTokens, list, context.req.query('page') ?? ''),
    });
    return { rows, older: options.pageTokens.write(list, next) };
  };

  return {
    async account(context) {
      const owner = await opened(context);
      return owner instanceof Response ? owner : overview(context, owner);
    },

    async changeProfile(context) {
      const owner = await posted(context);
      if (owner instanceof Response) return owner;
      redirect.transactionOf(context);
      const displayName = readDisplayName(owner.form.fields.display_name ?? '');
      const { signIn } = context.var.t;
      if (displayName === undefined)
        return overview(context, owner, { field: 'display_name', message: signIn.badName });
      const target = { tenantId: options.tenantId, actor: ACTOR, identityId: owner.identity.id };
      const identity = await account.renameIdentity(target, displayName);
      return overview(context, { ...owner, identity }, undefined, 'profile');
    },

    /** Needs the old password, though its owner has just signed in: whoever sits down at the open page has not. */
    async changePassword(context) {
      const owner = await posted(context);
      if (owner instanceof Response) return owner;
      redirect.transactionOf(context);
      const { current_password: current = '', new_password: password = '' } = owner.form.fields;
      const { identity, held } = owner;
      const name = identity.identifiers[0];
      const target = { tenantId: options.tenantId, actor: ACTOR, identityId: identity.id };
      const { account: words, signIn } = context.var.t;
      try {
        await options.authenticatePassword({
          tenantId: options.tenantId,
          actor: ACTOR,
          identifierType: name?.type ?? 'email',
          identifier: name?.value ?? '',
          password: current,
          address: options.clientOf(context),
        });
        await account.setPassword({
          ...target,
          password,
          within: doneFrom({ pendingDigest: held.pending.digest }, options.placeOf(context)),
        });
      } catch (error) {
        if (!(error instanceof TrustError)) throw error;
        const faults: Partial<Record<string, FormFaultView>> = {
          CREDENTIAL_REJECTED: { field: 'current_password', message: words.wrongPassword },
          WEAK_PASSWORD: { field: 'new_password', message: signIn.weakPassword },
          INVALID_FIELD: { field: 'new_password', message: signIn.badPassword },
        };
        const fault = faults[error.reason];
        if (fault === undefined) throw error;
        return overview(context, owner, fault);
      }
      return overview(context, owner, undefined, 'password');
    },

    async accountSessions(context) {
      const owner = await opened(context);
      if (owner instanceof Response) return owner;
      const who = { tenantId: options.tenantId, identityId: owner.identity.id };
      const { rows, older } = await listed(context, ['sessions', options.tenantId, owner.identity.id], (query) =>
        account.listSessions(who, query),
      );
      const { placeName } = options;
      const browser = options.placeOf(context);
      const body = sessionsView({ ...form(context, owner), sessions: rows, older, placeName, browser });
      return write(context, owner, context.var.t.account.sessions, body);
    },

    async endSessions(context) {
      const owner = await posted(context);
      if (owner instanceof Response) return owner;
      const { end = '' } = owner.form.fields;
      const target = { tenantId: options.tenantId, actor: ACTOR, identityId: owner.identity.id };
      if (end === 'all') {
        await account.revokeIdentitySessions(target);
        context.header('set-cookie', redirect.pendingCookie.take, { append: true });
        return context.redirect(pageLink('/sign-in', owner.flow.request), 303);
      }
      // Only a session of their own; one that has ended meanwhile is gone from the list.
      await account
        .revokeSession({ ...target, target: { handle: end, identityId: owner.identity.id } })
        .catch(unlessGone);
      return context.redirect(pageLink('/account/sessions', owner.flow.request), 303);
    },

    async downloadData(context) {
      const owner = await posted(context);
      if (owner instanceof Response) return owner;
      const json = await account.exportIdentity(options.tenantId, owner.identity.id);
      return context.body(json, 200, {
        'content-type': 'application/json',
        'content-disposition': 'attachment; filename="my-data.json"',
      });
    },

    /** Asks for the word of its owner once more: nobody is to be deleted by one click. */
    async deletePerson(context) {
      const owner = await posted(context);
      if (owner instanceof Response) return owner;
      const { account: words } = context.var.t;
      if (owner.form.fields.understood !== 'yes')
        return overview(context, owner, { field: 'understood', message: words.deleteNotUnderstood });
      const { authenticatedAt } = owner.held.pending;
      const who = { tenantId: options.tenantId, actor: ACTOR, identityId: owner.identity.id };
      // Its owner has proved all that is asked of them.
      const at = await account.deletePerson({ ...who, acr: 'aal2', authenticatedAt }).catch(unlessTooLate);
      if (at === undefined) return refuse(context, signIns.startAgain(owner.form));
      context.header('set-cookie', redirect.pendingCookie.take, { append: true });
      const waits = owner.flow.settings.deletionWait > 0;
      const body = deletedView(context.var.t, waits ? at : undefined);
      return options.page(context, { status: 200, title: words.deletedTitle, body });
    },

    async accountActivity(context) {
      const owner = await opened(context);
      if (owner instanceof Response) return owner;
      const filter = { tenantId: options.tenantId, identityId: owner.identity.id };
      const { rows, older } = await listed(context, ['activity', options.tenantId, owner.identity.id], (query) =>
        account.listEvents(filter, query),
      );
      const events = rows.filter((event): event is typeof event & EventView => isShown(event.action));
      const body = activityView({ ...form(context, owner), events, older });
      return write(context, owner, context.var.t.account.activity, body);
    },

    /** Ends the sign-in that these pages are open to, at the server too; one that is over is answered alike. */
    async signOut(context) {
      const own = await redirect.posted(context, '/sign-in');
      if (own instanceof Response) return own;
      const held = await signIns.heldBy(context, own.transaction);
      if (held !== undefined) await options.mfa.pending.abandon(held.pending);
      for (const cookie of [redirect.pendingCookie, options.cookie])
        context.header('set-cookie', cookie.take, { append: true });
      const { t } = context.var;
      return options.page(context, {
        status: 200,
        title: t.account.signedOutTitle,
        body: signedOutView(t, own.request),
      });
    },
  };
}

/** A token that is none of ours is the beginning: a link is all that a person can have spoiled. */
function startOf(pageTokens: PageTokens, list: ListName, token: string): { readonly after?: Position } {
  try {
    const after = pageTokens.read(list, token);
    return after === undefined ? {} : { after };
  } catch {
    return {};
  }
}

const unlessTooLate = (error: unknown): undefined => {
  if (!(error instanceof TrustError && error.reason === 'STEP_UP_REQUIRED')) throw error;
};

const unlessGone = (error: unknown): void => {
  if (!(error instanceof TrustError && error.reason === 'SESSION_NOT_FOUND')) throw error;
};
