import { invalidField } from '../../errors/trust_error.ts';
import { addressPrefix } from '../../kernel/address_block.ts';
import { deviceNames } from '../../kernel/device_names.ts';
import type { SessionBinding } from '../tenant/tenant.ts';

/** What a session is bound to, from its beginning to its end; absent where it is not. */
export type Binding = {
  /** A block of addresses, such as `203.0.113.0/24`. */
  readonly network?: string | undefined;
  /** Browser and system by their names. */
  readonly device?: string | undefined;
};

/** What is seen of the client that presents a session_id; empty where it is not known. */
export type ClientFacts = { readonly ipAddress: string; readonly userAgent: string };

export const NO_CLIENT: ClientFacts = { ipAddress: '', userAgent: '' };

/** Whom an address belongs to stays with the first bits: those that a provider gives to one place. */
const networkOf = (ipAddress: string) => addressPrefix(ipAddress, 24, 48);

/** Names stay while versions rise. A program that is no browser names itself first. Undefined if nothing is said. */
export function deviceOf(userAgent: string): string | undefined {
  const { browser, system } = deviceNames(userAgent);
  const name = browser ?? /^[^\s/();]{1,64}/.exec(userAgent.trim())?.[0];
  return name === undefined ? undefined : `${name} on ${system ?? 'unknown'}`;
}

/** What a new session is bound to, by what the tenant wants (spec SES-15). Errors: INVALID_FIELD (what is wanted is not known). */
export function bindingOf(wanted: SessionBinding, { ipAddress, userAgent }: ClientFacts): Binding | undefined {
  if (!wanted.network && !wanted.device) return undefined;
  const needed = (field: string, fact: string | undefined) => {
    if (fact === undefined) throw invalidField(field, 'is required: sessions of this tenant are bound to it');
    return fact;
  };
  return {
    ...(wanted.network && { network: needed('device.ip_address', networkOf(ipAddress)) }),
    ...(wanted.device && { device: needed('device.user_agent', deviceOf(userAgent)) }),
  };
}

/** Whether a client is where a session is bound to (spec SES-16). */
export function fits(binding: Binding | undefined, { ipAddress, userAgent }: ClientFacts): boolean {
  if (binding === undefined) return true;
  const { network, device } = binding;
  return (
    (network === undefined || network === networkOf(ipAddress)) &&
    (device === undefined || device === deviceOf(userAgent))
  );
}
