import { BlockList, isIP } from 'node:net';

/** The address of the client behind a connection, in its shortest text form; for logs and limits, never for links. */
export type ClientAddress = (socketAddress: string | undefined, forwardedFor: string | undefined) => string;

/**
 * Without trusted proxies it is the socket's. With them, `X-Forwarded-For` is read from the right as long as the hop is one of
 * them: the right-most hop that is not is the client, whatever stands left of it, for anybody can write that.
 */
export function clientAddress(trustedProxies: readonly string[]): ClientAddress {
  const trusted = blockList(trustedProxies);
  return (socketAddress, forwardedFor) => {
    let client = plain(socketAddress ?? '');
    const hops = (forwardedFor ?? '').split(',').map((hop) => plain(hop.trim()));
    while (isTrusted(trusted, client)) {
      const hop = hops.pop();
      // A trusted proxy that names nobody, or something that is no address: it is the last that is known.
      if (hop === undefined || isIP(hop) === 0) break;
      client = hop;
    }
    return client;
  };
}

function isTrusted(trusted: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && trusted.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** IPv4 as it is, also where a dual-stack socket writes it as IPv6; no brackets, no zone. */
function plain(address: string): string {
  const bare = address.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '');
  return bare.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
}

function blockList(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}
