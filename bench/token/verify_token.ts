// Verifies one Trust Token again and again, by turns with the SDK and with jose; prints verifications a second as JSON. Its input is one line of
// JSON; bench/token.ts writes it.
import { createPublicKey } from 'node:crypto';
import { json } from 'node:stream/consumers';
import { StaticKeySource, Verifier } from '@trust-layer/sdk';
import { jwtVerify } from 'jose';
import type { VerifyTask } from '../token.ts';

const { token, jwks, issuer, audience, seconds, rounds } = (await json(process.stdin)) as VerifyTask;
const verifier = new Verifier({ issuer, audience, keySource: new StaticKeySource(jwks) });
const { kid } = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string };
const jwk = jwks.keys.find((key) => key.kid === kid);
if (jwk === undefined) throw new Error('the key of the token is not in the JWKS');
const key = createPublicKey({ key: jwk, format: 'jwk' });

const ways = {
  sdk: () => verifier.verify(token),
  library: () => jwtVerify(token, key, { issuer, audience, algorithms: ['EdDSA'], typ: 'trust+jwt' }),
};

async function measure(verify: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  let calls = 0;
  while (performance.now() - started < seconds * 1_000) {
    await verify();
    calls += 1;
  }
  return (calls / (performance.now() - started)) * 1_000;
}

const rates: Record<string, number[]> = { sdk: [], library: [] };
for (let round = 0; round < rounds; round++)
  for (const [name, verify] of Object.entries(ways)) rates[name]?.push(await measure(verify));
process.stdout.write(`${JSON.stringify(rates)}\n`);
