import { BlockList, isIP } from 'node:net';

/** Blocks that no public server has (IANA special-purpose registries). IPv6 beyond 2000::/3 is none either, IPv4 written as IPv6 included. */
const SPECIAL_V4 =
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3';
const SPECIAL_V6 = '2001::/23 2001:db8::/32 2002::/16 3fff::/20';
const GLOBAL_V6 = '2000::/3';

function blocks(list: readonly string[]): BlockList {
  const made = new BlockList();
  for (const block of list) {
    const [address = '', bits] = block.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    made.addSubnet(address, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family);
  }
  return made;
}

const special = blocks([...SPECIAL_V4.split(' '), ...SPECIAL_V6.split(' ')]);
const global = blocks([GLOBAL_V6]);

export type AddressRule = {
  /** Whether events may be sent to an address: a public one, or one in a block that the operator has named. */
  mayReach(address: string): boolean;
  /** Whether the operator has named it. */
  isNamed(address: string): boolean;
};

export function addressRule(allowed: readonly string[]): AddressRule {
  const named = blocks(allowed);
  const kindOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');
  const isAddress = (address: string) => isIP(address) !== 0 && !address.includes('%');
  const isNamed = (address: string) => isAddress(address) && named.check(address, kindOf(address));
  const isPublic = (address: string) =>
    isAddress(address) &&
    !special.check(address, kindOf(address)) &&
    (isIP(address) === 4 || global.check(address, 'ipv6'));
  return { isNamed, mayReach: (address) => isNamed(address) || isPublic(address) };
}
