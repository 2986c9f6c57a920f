import { createHash } from 'node:crypto';
import { composeMfa } from '../../server/src/compose_mfa.ts';
import { pageTokens } from '../../server/src/contract/page_tokens.ts';
import type { Identity } from '../../server/src/features/identity/identity.ts';
import { noticeDevice } from '../../server/src/features/known_device/notice_device.ts';
import { mailSeal, mailWriter } from '../../server/src/features/mail/write_mail.ts';
import { cancelDeletion } from '../../server/src/features/personal_data/deletion.ts';
import { limitAttempts, seldom } from '../../server/src/features/rate_limit/limit_attempts.ts';
import type { ProofOfWork } from '../../server/src/features/rate_limit/proof_of_work.ts';
import { createSession } from '../../server/src/features/session/create_session.ts';
import { sessionUses, verifySession, verifySessionHandle } from '../../server/src/features/session/verify_session.ts';
import { tellOfAttempts } from '../../server/src/features/suspicion/tell_of_attempts.ts';
import { DEFAULT_SETTINGS, type TenantSettings } from '../../server/src/features/tenant/tenant.ts';
import { idMaker } from '../../server/src/kernel/ids.ts';
import { NOWHERE } from '../../server/src/kernel/place_name.ts';
import type { Random } from '../../server/src/kernel/random.ts';
import { sealerOf } from '../../server/src/kernel/sealer.ts';
import { memoryStores } from './memory_store.ts';

/** Bytes that differ each time and repeat from run to run. */
export function repeatableRandom(seed = 'test'): Random {
  let count = 0;
  return (size) => {
    const blocks = Array.from({ length: Math.ceil(size / 32) }, () =>
      createHash('sha256').update(`${seed}${count++}`).digest(),
    );
    return Buffer.concat(blocks).subarray(0, size);
  };
}

/** What use cases are given in unit tests: memory stores, a clock that stands, repeatable ids, one active identity. */
export function testWorld() {
  const time = { now: Date.UTC(2026, 0, 2, 3, 4, 5, 678) };
  const clock = () => time.now;
  const random = repeatableRandom();
  const newId = idMaker(clock, random);
  const stores = memoryStores(clock);
  const tenant: { settings: TenantSettings } = { settings: { ...DEFAULT_SETTINGS, rateLimits: WIDE_LIMITS } };
  const settings = async () => tenant.settings;
  const readIdentity = stores.identities.read;
  const uses = sessionUses(stores);

  const addIdentity = async (facts: Partial<Identity> = {}): Promise<Identity> => {
    const id = facts.id ?? newId('idn');
    const identity: Identity = {
      id,
      tenantId: 'default',
      active: true,
      identifiers: [{ type: 'username', value: id.slice(-12), verified: false }],
      displayName: 'Ada',
      roles: ['reader'],
      metadata: { plan: 'basic' },
      epoch: 1,
      version: 1,
      createdAt: time.now,
      updatedAt: time.now,
      ...facts,
    };
    await stores.identities.insert(identity, { changes: [], events: [] });
    return identity;
  };

  const readOrganisation = stores.organisations.readFacts;
  // That of the pages' tests.
  const originOf = async () => 'http://localhost:8080';
  /** Handles of bound sessions that were presented from elsewhere. */
  const mismatched: string[] = [];
  const mismatches = { note: ({ handle }: { handle: string }) => void mismatched.push(handle) };
  const sealerFor = (purpose: string) => sealerOf({ masterKey: Buffer.alloc(32, 3), random, purpose });
  const shared = {
    ...{ clock, random, newId, settings, originOf, readIdentity, readOrganisation },
    pageTokens: pageTokens(sealerFor('pages')),
  };
  const mails = mailWriter({ ...shared, seal: mailSeal(sealerFor('test')), placeName: NOWHERE, enabled: true });
  const common = { ...stores, ...shared, uses, mismatches, mails };
  const notice = noticeDevice(common);
  const create = createSession({ ...common, cancelDeletion: cancelDeletion(common), noticeDevice: notice });
  /** Makes an identity with one session. */
  const signIn = async (facts: Partial<Identity> = {}) => {
    const { id, tenantId } = await addIdentity(facts);
    return create({ tenantId, actor: 'web', identityId: id, acr: 'aal1', amr: ['pwd'], device: NO_DEVICE });
  };

  const tell = tellOfAttempts({ ...common, seldom: seldom(stores), queueMails: stores.outbox.queue });
  const { useCases } = composeMfa({
    ...common,
    store: stores,
    masterKey: Buffer.alloc(32, 3),
    recordAudit: stores.audit.append,
    verify: verifySession(common),
    createSession: create,
    limitAttempts: limitAttempts({ ...common, rateLimits: stores.rateLimits, proofOfWork: fakeWork }),
    tellOfAttempts: tell,
  });

  return {
    ...common,
    useCases,
    tellOfAttempts: tell,
    mismatched,
    stores,
    time,
    tenant,
    addIdentity,
    create,
    signIn,
    verify: verifySession(common),
    verifyHandle: verifySessionHandle(common),
  };
}

/** Proofs of work that cost nothing: `solves:` and anything is one. */
export const fakeWork: ProofOfWork = {
  challenge: async (tenantId) => `challenge of ${tenantId}`,
  solved: async (_tenantId, solution) => (solution.startsWith('solves:') ? solution : undefined),
};

const WIDE = { burst: 1_000_000, perHour: 3_600_000 };
/** Limits that a test does not meet unless it sets its own. */
export const WIDE_LIMITS = { account: WIDE, address: WIDE, tenant: WIDE, mail: WIDE };

export const NO_DEVICE = { userAgent: '', ipAddress: '', label: '' };

/** Whether an error is a TrustError of the reason: for `assert.rejects`. */
export const reason = (name: string, field?: string) => (error: unknown) => {
  const { reason: given, fields = [] } = error as { reason?: string; fields?: { field: string }[] };
  return given === name && (field === undefined || fields.some((one) => one.field === field));
};
