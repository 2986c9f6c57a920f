import type { Page, PageQuery } from '../../kernel/page.ts';
import type { Trail } from '../change/change.ts';
import type { Session } from '../session/session.ts';
import type { Membership, NamedMembership, Organisation, OrganisationFacts } from './organisation.ts';

/** Which organisation, and which member of it where the change is about one. */
export type ChangeKey = {
  readonly tenantId: string;
  readonly organisationId: string;
  readonly identityId?: string | undefined;
};

/** What is there when a change begins. `membership` and `identityName` are those of the key's identity, if there are. */
export type Standing = {
  readonly organisation: Organisation;
  readonly membership: Membership | undefined;
  readonly identityName: string | undefined;
};

/** What a change writes. */
export type OrganisationWrite = {
  readonly organisation: Organisation;
  /** The membership from now on; `removed` ends it; absent leaves it. */
  readonly membership?: Membership | 'removed' | undefined;
  readonly trail: Trail;
};

/** Every write appends its trail in the same transaction; a failed write leaves nothing behind. */
export type OrganisationStore = {
  insert(organisation: Organisation, trail: Trail): Promise<void>;
  read(tenantId: string, id: string): Promise<Organisation | undefined>;
  /** Newest first, by creation then id. */
  list(tenantId: string, query: PageQuery): Promise<Page<Organisation>>;
  /**
   * Runs `rule` while nobody else changes the organisation, writes what it answers and gives that back. Undefined: there is no such organisation.
   * What `rule` throws leaves nothing behind; it may run more than once. A membership that ends is active in no session any more.
   */
  change(
    key: ChangeKey,
    rule: (before: Standing) => OrganisationWrite | undefined,
  ): Promise<OrganisationWrite | Standing | undefined>;
  /** Removes it with its memberships; false if there is none. */
  remove(tenantId: string, id: string, trail: Trail): Promise<boolean>;
  /** Of an organisation or of an identity; newest first, by creation then the other's id. */
  listMembers(tenantId: string, organisationId: string, query: PageQuery): Promise<Page<NamedMembership>>;
  listMemberships(tenantId: string, identityId: string, query: PageQuery): Promise<Page<NamedMembership>>;
  /** What a verdict would say; undefined where the identity is no member. */
  readFacts(tenantId: string, organisationId: string, identityId: string): Promise<OrganisationFacts | undefined>;
  /** Makes an organisation, or none, the active one of a session, if the stored version is still that of `before`. No membership ends meanwhile. */
  setActive(before: Session, organisationId: string | undefined, trail: Trail): Promise<'ok' | 'changed' | 'no_member'>;
};
