import type { Instant } from '../../kernel/clock.ts';
import type { Trail } from '../change/change.ts';
import type { MailProof } from './mail_proof.ts';

/** Alive: neither spent nor past its time. */
export type MailProofStore = {
  /** The mail comes with the trail. */
  insert(proof: MailProof, trail: Trail): Promise<void>;
  readByFlow(tenantId: string, digest: string, now: Instant): Promise<MailProof | undefined>;
  readByLink(tenantId: string, linkDigest: string, now: Instant): Promise<MailProof | undefined>;
  /** Counts a guess before it is checked: however many callers there are on however many nodes, `most` hear true and are not given back. */
  attempt(proof: MailProof, most: number): Promise<boolean>;
  /** Gives back the guess of a right code. */
  giveBack(proof: MailProof): Promise<void>;
  /** Uses it up: true for exactly one caller. */
  spend(proof: MailProof, now: Instant, trail: Trail): Promise<boolean>;
};
