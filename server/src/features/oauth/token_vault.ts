import { TrustError } from '../../errors/trust_error.ts';
import type { Sealer } from '../../kernel/sealer.ts';
import type { ProviderTokens } from './oauth.ts';

/** The most that the tokens of one account may take, as JSON in bytes. */
export const MAX_TOKENS = 32 * 1024;

/** The tokens of a provider, sealed for tenant and account (spec OAU-9). */
export function tokenVault(sealer: Sealer) {
  return {
    seal(tokens: ProviderTokens, tenantId: string, accountId: string) {
      const plain = Buffer.from(JSON.stringify(tokens));
      if (plain.length > MAX_TOKENS) throw new TrustError('OAUTH_REJECTED');
      return sealer.seal(plain, ['tokens', tenantId, accountId]);
    },
    open: (sealed: string, tenantId: string, accountId: string) =>
      JSON.parse(sealer.open(sealed, ['tokens', tenantId, accountId]).toString()) as ProviderTokens,
  };
}

export type TokenVault = ReturnType<typeof tokenVault>;
