import * as OTPAuth from 'otpauth';
import { encode } from 'uqr';
import type { Instant } from '../../kernel/clock.ts';
import type { Random } from '../../kernel/random.ts';
import type { Sealer } from '../../kernel/sealer.ts';

const PERIOD = 30;
const DIGITS = 6;
/** Time-steps before and after the present one whose codes are accepted, for clocks that are a little off (RFC 6238, 5.2). */
const WINDOW = 1;

/** Secrets have as many bits as the hash (RFC 4226, section 4). */
export const newTotpSecret = (random: Random): Buffer => random(20) as Buffer;

const totpOf = (secret: Uint8Array, issuer = '', label = '') =>
  new OTPAuth.TOTP({
    issuer,
    label,
    secret: new OTPAuth.Secret({ buffer: new Uint8Array(secret).buffer }),
    period: PERIOD,
    digits: DIGITS,
    algorithm: 'SHA1',
  });

/** The secret as an authenticator app takes it: typed, and as a URI. */
export function totpSetup(secret: Uint8Array, issuer: string, label: string) {
  const totp = totpOf(secret, issuer, label);
  return { secret: totp.secret.base32, otpauthUri: totp.toString() };
}

/** The time-step whose code this is; undefined if it is none of the window. */
export function totpStep(secret: Uint8Array, code: string, now: Instant): number | undefined {
  const token = code.replaceAll(/\s/g, '');
  if (!/^\d{6}$/.test(token)) return undefined;
  const delta = totpOf(secret).validate({ token, timestamp: now, window: WINDOW });
  return delta === null ? undefined : Math.floor(now / 1_000 / PERIOD) + delta;
}

/** A QR code as an SVG element: one path in the colour of the text around it. */
export function qrSvg(text: string): string {
  const { data, size } = encode(text, { ecc: 'M', border: 2 });
  const cells = data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : [])));
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges" role="img" aria-label="QR code">` +
    `<path fill="#fff" d="M0 0h${size}v${size}H0z"/><path fill="#000" d="${cells.join('')}"/></svg>`
  );
}

/** The secret of an identity, sealed and opened. */
export function totpVault(sealer: Sealer) {
  return {
    seal: (secret: Uint8Array, tenantId: string, identityId: string) =>
      sealer.seal(secret, ['totp', tenantId, identityId]),
    open: (sealed: string, tenantId: string, identityId: string) => sealer.open(sealed, ['totp', tenantId, identityId]),
    /** A secret that is not kept yet, with the instant until which it may be. */
    sealEnrollment: (secret: Uint8Array, until: Instant, tenantId: string, identityId: string) => {
      const plain = Buffer.concat([Buffer.alloc(8), secret]);
      plain.writeBigUInt64BE(BigInt(until));
      return sealer.seal(plain, ['totp-enrollment', tenantId, identityId]);
    },
    openEnrollment: (token: string, tenantId: string, identityId: string) => {
      try {
        const plain = sealer.open(token, ['totp-enrollment', tenantId, identityId]);
        return { until: Number(plain.readBigUInt64BE()), secret: plain.subarray(8) };
      } catch {
        return undefined;
      }
    },
  };
}

export type TotpVault = ReturnType<typeof totpVault>;
