// The baseline of sign-in: argon2id verifications a second with nothing around them. Arguments: KiB, passes, at a time, seconds. Prints JSON.
import { hash, verify } from '@node-rs/argon2';

const [memoryCost = 0, timeCost = 0, atATime = 0, seconds = 0] = process.argv.slice(2).map(Number);
const ARGON2ID = 2;
const stored = await hash('a password of the benchmark', { algorithm: ARGON2ID, memoryCost, timeCost, parallelism: 1 });

let verified = 0;
const begun = performance.now();
async function verifier(): Promise<void> {
  while (performance.now() - begun < seconds * 1_000) {
    await verify(stored, 'a password of the benchmark');
    verified += 1;
  }
}
await Promise.all(Array.from({ length: atATime }, verifier));
process.stdout.write(`${JSON.stringify({ perSecond: (verified / (performance.now() - begun)) * 1_000 })}\n`);
