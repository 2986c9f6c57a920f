import * as OTPAuth from 'otpauth';

/** The code of an authenticator app at an instant. */
export const totpCode = (secret: string, at: number) =>
  new OTPAuth.TOTP({ secret: OTPAuth.Secret.fromBase32(secret) }).generate({ timestamp: at });
