import { TrustError } from '../../errors/trust_error.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import { auditEvent } from '../audit/audit.ts';
import { type Identifier, type Identity, newIdentity } from './identity.ts';
import type { IdentityStore } from './store.ts';

export type CreateIdentity = (input: {
  readonly tenantId: string;
  readonly actor: string;
  readonly identifiers: readonly Identifier[];
  readonly displayName: string;
  readonly roles: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
}) => Promise<Identity>;

/** Makes an identity for a backend. Errors: IDENTIFIER_TAKEN. */
export function createIdentity(deps: {
  readonly identities: Pick<IdentityStore, 'insert'>;
  readonly clock: Clock;
  readonly newId: NewId;
}): CreateIdentity {
  return async ({ actor, ...facts }) => {
    const now = deps.clock();
    const identity = newIdentity(deps.newId('idn'), facts, now);
    const event = auditEvent({ tenantId: facts.tenantId, name: actor }, now, deps.newId, 'identity.created', {
      identityId: identity.id,
      subject: identity.id,
    });
    const answer = await deps.identities.insert(identity, { changes: [], events: [event] });
    if (answer === 'identifier_taken') throw new TrustError('IDENTIFIER_TAKEN');
    return identity;
  };
}
