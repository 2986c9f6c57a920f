import { isIP } from 'node:net';

/**
 * The block of addresses that one subscriber has, as text of one spelling: an IPv4 address (/32), or the first 64 bits of an IPv6 address. IPv4 that is
 * written as IPv6 is IPv4. Undefined if the text is no address.
 */
export function addressBlock(text: string): string | undefined {
  const family = isIP(text);
  if (family === 4) return text;
  if (family !== 6 || text.includes('%')) return undefined;
  const groups = groupsOf(text);
  const [a = 0, b = 0] = groups.slice(6);
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return [a >> 8, a & 255, b >> 8, b & 255].join('.');
  }
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}

/**
 * The first bits of an address as a block of one spelling, such as `203.0.113.0/24` or `2001:db8:7::/48`; IPv4 that is written as IPv6 is IPv4.
 * `bits4` is a multiple of 8, `bits6` one of 16 and at most 112. Undefined if the text is no address.
 */
export function addressPrefix(text: string, bits4: number, bits6: number): string | undefined {
  const address = addressBlock(text);
  if (address === undefined) return undefined;
  if (!address.includes(':')) {
    const kept = address.split('.').slice(0, bits4 / 8);
    return `${[...kept, 0, 0, 0, 0].slice(0, 4).join('.')}/${bits4}`;
  }
  const groups = groupsOf(text).slice(0, bits6 / 16);
  return `${groups.map((group) => group.toString(16)).join(':')}::/${bits6}`;
}

/** The eight groups of an IPv6 address; the URL standard's own writer settles every spelling of it. */
function groupsOf(text: string): number[] {
  const [head = '', tail] = new URL(`http://[${text}]`).hostname.slice(1, -1).split('::');
  const read = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const [left, right] = [read(head), read(tail ?? '')];
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right];
}
