import { z } from 'zod';
import { checked, device, identityId, ipAddress, secretText, textBytes } from '../../contract/fields.ts';
import type * as message from '../../contract/gen/trust/v1/oauth.ts';
import { optionalTimestamp, timestamp } from '../../contract/messages.ts';
import { pendingMessage, signedInMessage, subject } from '../../contract/mfa_messages.ts';
import type { Handler } from '../../contract/rpc.ts';
import { invalidField, TrustError } from '../../errors/trust_error.ts';
import { readFields } from '../../kernel/form_fields.ts';
import type { Random } from '../../kernel/random.ts';
import { digestOf, isSecret, newOauthAttempt } from '../../kernel/secret.ts';
import { doneFrom, type Place } from '../cascade/cascade.ts';
import type { BeginSignIn } from '../pending_sign_in/begin_sign_in.ts';
import type { EndSignIn } from '../pending_sign_in/end_sign_in.ts';
import type { ReadSubject } from '../pending_sign_in/subject.ts';
import { isAllowedReturnTo } from '../sign_in/return_to.ts';
import type { TenantSettings } from '../tenant/tenant.ts';
import type { CompleteOauth, TakeAttempt } from './complete_oauth.ts';
import type { LinkedAccounts } from './linked_accounts.ts';
import type { LinkedAccount, OauthPurpose } from './oauth.ts';
import { providersFor, type StartInput, type StartOauth } from './start_oauth.ts';
import type { OauthProviders } from './store.ts';

export type OauthRpc = {
  readonly listOauthProviders: Handler<message.ListOauthProvidersRequest, message.ListOauthProvidersResponse>;
  readonly startOauthSignIn: Handler<message.StartOauthSignInRequest, message.StartOauthSignInResponse>;
  readonly completeOauthSignIn: Handler<message.CompleteOauthSignInRequest, message.CompleteOauthSignInResponse>;
  readonly startAccountLink: Handler<message.StartAccountLinkRequest, message.StartAccountLinkResponse>;
  readonly completeAccountLink: Handler<message.CompleteAccountLinkRequest, message.CompleteAccountLinkResponse>;
  readonly listLinkedAccounts: Handler<message.ListLinkedAccountsRequest, message.ListLinkedAccountsResponse>;
  readonly unlinkAccount: Handler<message.UnlinkAccountRequest, message.UnlinkAccountResponse>;
  readonly getProviderTokens: Handler<message.GetProviderTokensRequest, message.GetProviderTokensResponse>;
};

export type OauthUseCases = {
  readonly providers: OauthProviders;
  readonly startOauth: StartOauth;
  readonly takeAttempt: TakeAttempt;
  readonly completeOauth: CompleteOauth;
  readonly linkedAccounts: LinkedAccounts;
};

/** The handlers of OauthService. */
export function oauthRpc(
  useCases: OauthUseCases & {
    readonly readSubject: ReadSubject;
    readonly beginSignIn: BeginSignIn;
    readonly endSignIn: EndSignIn;
    readonly settings: (tenantId: string) => Promise<TenantSettings>;
    readonly random: Random;
  },
): OauthRpc {
  /** Begins for a browser that the caller knows by the token. */
  const start = async (input: Omit<StartInput, 'binding'>) => {
    const { returnTo } = await useCases.settings(input.tenantId);
    if (input.redirectUri.includes('?') || !isAllowedReturnTo(returnTo, input.redirectUri)) {
      throw invalidField('redirect_uri', 'must be one of return_to of the tenant, without a query');
    }
    const attemptToken = newOauthAttempt(useCases.random);
    const binding = digestOf('oauth_attempt', attemptToken);
    const { url, expiresAt } = await useCases.startOauth({ ...input, binding });
    return { authorizationUrl: url, attemptToken, expiresAt: timestamp(expiresAt) };
  };

  const complete = async (
    tenantId: string,
    actor: string,
    { attemptToken, callbackQuery }: { readonly attemptToken: string; readonly callbackQuery: string },
    purposes: readonly OauthPurpose[],
    place: Place,
  ) => {
    const query = readFields(callbackQuery);
    if (query === undefined) throw invalidField('callback_query', 'must be a query, with no name twice');
    if (!isSecret('oauth_attempt', attemptToken)) throw new TrustError('OAUTH_REJECTED');
    const binding = digestOf('oauth_attempt', attemptToken);
    const { code, state, iss, error } = query;
    const taken = await useCases.takeAttempt({ tenantId, state, binding, purposes });
    return useCases.completeOauth(taken, { code, state, iss, error }, actor, place);
  };

  return {
    async listOauthProviders(_request, { tenantId }) {
      const { signInMethods } = await useCases.settings(tenantId);
      const offered = signInMethods.oauth ? providersFor(useCases.providers, tenantId) : [];
      return { providers: offered.map(({ name, label }) => ({ name, label })) };
    },

    async startOauthSignIn(request, { tenantId }) {
      const { claimEmail, ipAddress: address, ...fields } = checked(startFields, request);
      return start({ ...fields, tenantId, address, purpose: claimEmail ? 'claim' : 'sign_in' });
    },

    async completeOauthSignIn(request, { tenantId, caller }) {
      const { deviceToken, device: on, ...fields } = checked(completeFields, request);
      const actor = caller.service;
      const outcome = await complete(tenantId, actor, fields, ['sign_in', 'claim'], on);
      if (outcome.identity === undefined) throw new TrustError('OAUTH_REJECTED');
      const { identity, created } = outcome;
      const step = await useCases.beginSignIn({ tenantId, actor, identity, method: 'oauth', deviceToken });
      if (step.proof === undefined) return { signedIn: undefined, pending: pendingMessage(step.pending), created };
      return {
        signedIn: signedInMessage(await useCases.endSignIn(step.proof, actor, on)),
        pending: undefined,
        created,
      };
    },

    async startAccountLink(request, { tenantId }) {
      const { subject: name, ipAddress: address, ...fields } = checked(linkFields, request);
      const { identity } = await useCases.readSubject(tenantId, name, 'accounts');
      return start({ ...fields, tenantId, address, purpose: 'link', identity });
    },

    async completeAccountLink(request, { tenantId, caller }) {
      const { device: on, ...fields } = checked(callbackFields, request);
      const { linked } = await complete(tenantId, caller.service, fields, ['link'], on);
      if (linked === undefined) throw new TrustError('OAUTH_REJECTED');
      return { account: accountMessage(linked) };
    },

    async listLinkedAccounts(request, { tenantId }) {
      const fields = checked(z.object({ identityId }), request);
      const accounts = await useCases.linkedAccounts.list(tenantId, fields.identityId);
      return { accounts: accounts.map(accountMessage) };
    },

    async unlinkAccount(request, { tenantId, caller }) {
      const { device: on, ...fields } = checked(z.object({ identityId, accountId, device }), request);
      const within = doneFrom({}, on);
      await useCases.linkedAccounts.unlink({ ...fields, tenantId, actor: caller.service, within });
      return {};
    },

    async getProviderTokens(request, { tenantId, caller }) {
      const fields = checked(z.object({ identityId, accountId }), request);
      const tokens = await useCases.linkedAccounts.tokens({ ...fields, tenantId, actor: caller.service });
      return { ...tokens, expiresAt: optionalTimestamp(tokens.expiresAt) };
    },
  };
}

function accountMessage({
  sealedTokens: _,
  tenantId: __,
  identityId: ___,
  ...account
}: LinkedAccount): message.LinkedAccount {
  return { ...account, createdAt: timestamp(account.createdAt), lastUsedAt: timestamp(account.lastUsedAt) };
}

const accountId = z.string().regex(/^lac_[0-9a-f]{32}$/, 'must be lac_ and 32 lower-case hex digits');
const provider = z.string().regex(/^[a-z][a-z0-9]{0,31}$/, 'must be the name of a provider');
const begun = { provider, redirectUri: textBytes(2_048).min(1, 'is required'), ipAddress };
const startFields = z.object({ ...begun, claimEmail: z.boolean() });
const linkFields = z.object({ ...begun, subject });
const callback = { attemptToken: secretText, callbackQuery: textBytes(8_192).min(1, 'is required') };
const callbackFields = z.object({ ...callback, device });
const completeFields = callbackFields.extend({ deviceToken: textBytes(256) });
