import { TrustError } from '../../errors/trust_error.ts';
import type { Clock, Instant } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import { type AuditAction, auditEvent } from '../audit/audit.ts';
import { type Act, raisesEpoch, type Within } from '../cascade/cascade.ts';
import type { MailWriter } from '../mail/write_mail.ts';
import { type Identifier, type Identity, sameName } from './identity.ts';
import type { IdentityStore } from './store.ts';

export type ChangeDeps = {
  readonly identities: Pick<IdentityStore, 'read' | 'replace'>;
  readonly mails: Pick<MailWriter, 'tell'>;
  readonly clock: Clock;
  readonly newId: NewId;
};

export type ChangeTarget = {
  readonly tenantId: string;
  /** Name of the actor in the audit trail. */
  readonly actor: string;
  readonly identityId: string;
  /** If given: the version that the caller read; CONCURRENT_CHANGE if it is another by now. */
  readonly expectedVersion?: number | undefined;
  /** What the change is, where that cannot be told from the record. */
  readonly act?: Act | undefined;
  /** The session or sign-in in which it is done. */
  readonly within?: Within | undefined;
  /** What the audit event says beside, of the identity as it is then. */
  readonly facts?: ((after: Identity) => Readonly<Record<string, string>>) | undefined;
};

/** A change: the record after it, or undefined where it is so already and nothing is to be written. */
export type IdentityRule = (before: Identity, now: Instant) => Identity | undefined;

/** How often a change is tried against concurrent ones before the caller is told. */
export const ATTEMPTS = 5;

/**
 * Applies a rule to an identity by compare-and-set, with its feed row, its audit event, the notices to its owner and what it ends: the one way in which
 * identities change.
 * Errors: IDENTITY_NOT_FOUND, IDENTIFIER_TAKEN, CONCURRENT_CHANGE.
 */
export async function changeIdentity(
  deps: ChangeDeps,
  { tenantId, actor, identityId, expectedVersion, act, within, facts }: ChangeTarget,
  action: AuditAction,
  rule: IdentityRule,
): Promise<Identity> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = await deps.identities.read(tenantId, identityId);
    if (before === undefined) throw new TrustError('IDENTITY_NOT_FOUND');
    if (expectedVersion !== undefined && before.version !== expectedVersion) throw new TrustError('CONCURRENT_CHANGE');
    const now = deps.clock();
    const changed = rule(before, now);
    if (changed === undefined) return before;
    const acts = [...(act === undefined ? [] : [act]), ...actsOf(before, changed)];
    const epoch = raisesEpoch(acts) ? before.epoch + 1 : changed.epoch;
    const version = before.version + 1;
    const after = { ...changed, epoch, version, updatedAt: now };
    const about = { identityId, subject: identityId, facts: { ...facts?.(changed) } };
    const event = auditEvent({ tenantId, name: actor }, now, deps.newId, action, about);
    const changes = [{ tenantId, kind: 'identity' as const, identityId, epoch, version }];
    const ending = { tenantId, identityId, acts, within, at: now, raised: { epoch, version } };
    const mails = await deps.mails.tell(ownerOf(before, after), acts, { place: within?.place });
    const answer = await deps.identities.replace(before, after, { changes, events: [event], mails, ending });
    if (answer === 'ok') return after;
    if (answer === 'identifier_taken') throw new TrustError('IDENTIFIER_TAKEN');
  }
  throw new TrustError('CONCURRENT_CHANGE');
}

/** Who is told of a change: the addresses from before, an address that the change itself proves among them, and none that it brings. */
const ownerOf = (before: Identity, after: Identity): Identity => ({
  ...before,
  identifiers: before.identifiers.map((one) => ({
    ...one,
    verified: one.verified || after.identifiers.some((other) => sameName(one, other) && other.verified),
  })),
});

/** Acts that show in the record itself, so that no caller can forget them. */
function actsOf(before: Identity, after: Identity): readonly Act[] {
  const roles = (of: Identity) => [...of.roles].sort().join(' ');
  const added = after.identifiers.some((one) => !before.identifiers.some((other) => sameName(one, other)));
  const removed = before.identifiers.some((one) => !after.identifiers.some((other) => sameName(one, other)));
  return [
    ...(roles(before) === roles(after) ? [] : (['roles_changed'] as const)),
    ...(added ? (['identifier_added'] as const) : []),
    ...(removed ? (['identifier_removed'] as const) : []),
    ...(before.active && !after.active
      ? [after.lockedUntil === undefined ? ('identity_disabled' as const) : ('identity_locked' as const)]
      : []),
  ];
}

/** Takes a name away. Errors: LAST_IDENTIFIER. */
export const withoutName =
  (gone: Pick<Identifier, 'type' | 'value'>): IdentityRule =>
  (before) => {
    const identifiers = before.identifiers.filter((one) => !sameName(one, gone));
    if (identifiers.length === before.identifiers.length) return undefined;
    if (identifiers.length === 0) throw new TrustError('LAST_IDENTIFIER');
    return { ...before, identifiers };
  };

/** Whether somebody who loses their password can still come back without an address: by a verified one, if there is one now. */
export function keepsAddress({ identifiers }: Pick<Identity, 'identifiers'>, email: string): boolean {
  const isVerified = ({ type, verified }: Identifier) => type === 'email' && verified;
  const left = identifiers.filter((one) => !sameName(one, { type: 'email', value: email }));
  return left.length > 0 && (left.some(isVerified) || !identifiers.some(isVerified));
}

/** Takes an address away from its owner, but for the last verified one. Errors: LAST_IDENTIFIER, IDENTITY_NOT_FOUND, CONCURRENT_CHANGE. */
export type RemoveEmail = (target: ChangeTarget, email: string) => Promise<Identity>;

export const removeEmail =
  (deps: ChangeDeps): RemoveEmail =>
  (target, email) =>
    changeIdentity(deps, target, 'identifier.removed', (before, now) => {
      if (!keepsAddress(before, email)) throw new TrustError('LAST_IDENTIFIER');
      return withoutName({ type: 'email', value: email })(before, now);
    });

/** Gives an identity another display name. Errors: IDENTITY_NOT_FOUND, CONCURRENT_CHANGE. */
export type RenameIdentity = (target: ChangeTarget, displayName: string) => Promise<Identity>;

export const renameIdentity =
  (deps: ChangeDeps): RenameIdentity =>
  (target, displayName) =>
    changeIdentity(deps, target, 'identity.updated', (before) =>
      before.displayName === displayName ? undefined : { ...before, displayName },
    );
