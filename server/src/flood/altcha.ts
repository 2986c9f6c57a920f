import { createHash } from 'node:crypto';
import type { ProofOfWork } from '../features/rate_limit/proof_of_work.ts';
import { type Clock, MINUTE, SECOND } from '../kernel/clock.ts';

/** How long a challenge may be answered. */
const LIFETIME = 10 * MINUTE;

/** Rounds of one try, of which a solution takes 256 on average: a second or so of a browser, and a millisecond or two to check. */
const COST = 5_000;
const PREFIX = '00';

/** Proof of work by ALTCHA's challenges (version 2), so that its widget and solvers know them. Loaded at the first one. */
export function altcha(deps: { readonly secret: string; readonly clock: Clock }): ProofOfWork {
  let loading: ReturnType<typeof load> | undefined;
  const library = () => {
    loading ??= load();
    return loading;
  };

  return {
    async challenge(tenantId) {
      const { createChallenge, deriveKey } = await library();
      const challenge = await createChallenge({
        algorithm: 'PBKDF2/SHA-256',
        cost: COST,
        keyPrefix: PREFIX,
        deriveKey,
        data: { tenant: tenantId },
        expiresAt: Math.ceil((deps.clock() + LIFETIME) / SECOND),
        hmacSignatureSecret: deps.secret,
      });
      return JSON.stringify(challenge);
    },

    async solved(tenantId, text) {
      const { verifySolution, deriveKey } = await library();
      try {
        const { challenge, solution } = JSON.parse(Buffer.from(text, 'base64').toString());
        // Its parameters are believed once the signature over them holds.
        const { verified } = await verifySolution({ challenge, solution, deriveKey, hmacSignatureSecret: deps.secret });
        const ours = verified && challenge.parameters.data?.tenant === tenantId;
        return ours ? createHash('sha256').update(String(challenge.parameters.nonce)).digest('hex') : undefined;
      } catch {
        // Not in the form of a solution at all.
        return undefined;
      }
    },
  };
}

async function load() {
  const [{ createChallenge, verifySolution }, { deriveKey }] = await Promise.all([
    import('altcha-lib'),
    import('altcha-lib/algorithms/pbkdf2'),
  ]);
  return { createChallenge, verifySolution, deriveKey };
}
