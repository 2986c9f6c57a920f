import type { Instant } from '../../kernel/clock.ts';
import type { Page, PageQuery } from '../../kernel/page.ts';
import type { Trail } from '../change/change.ts';
import type { Identity } from '../identity/identity.ts';
import type { OrganisationWrite, Standing } from '../organisation/store.ts';
import type { Invitation } from './invitation.ts';

/** A new identity, written in the step in which it accepts. */
export type SignUp = { readonly identity: Identity; readonly passwordHash: string };

/** Every write appends its trail in the same transaction; one that answers anything but what it wrote leaves nothing behind. */
export type InvitationStore = {
  /**
   * Revokes what waits for the same address in the organisation, and writes the new one. `no_organisation` if that is gone, `too_many` if `most`
   * others wait at the instant of its creation.
   */
  insert(invitation: Invitation, most: number, trail: Trail): Promise<'ok' | 'no_organisation' | 'too_many'>;
  /** Whatever has become of it. */
  readByDigest(tenantId: string, digest: string): Promise<Invitation | undefined>;
  /** Those of an organisation that were neither accepted nor revoked; newest first, by creation then id. */
  list(tenantId: string, organisationId: string, query: PageQuery): Promise<Page<Invitation>>;
  /** Ends one that was not accepted; false if there is none. One that was revoked stays so, without a trail. */
  revoke(tenantId: string, organisationId: string, id: string, at: Instant, trail: Trail): Promise<boolean>;
  /**
   * Uses it up, for exactly one caller, and writes what `rule` answers, while nobody else changes the organisation. `over` if it was accepted or
   * revoked meanwhile, `identifier_taken` if somebody has the address of the new identity; undefined: there is no such organisation. What `rule`
   * throws leaves nothing behind; it may run more than once.
   */
  accept(
    invitation: Invitation,
    who: { readonly identityId: string; readonly signUp?: SignUp | undefined },
    at: Instant,
    rule: (before: Standing) => OrganisationWrite,
  ): Promise<OrganisationWrite | 'over' | 'identifier_taken' | undefined>;
};
