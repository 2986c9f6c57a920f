// Several addresses as one gRPC target. grpc-js resolves lists of IP addresses of one family only; this resolver hands
// each host:port of a list to the dns resolver and gives the load balancer all that they found.
import { type ChannelOptions, experimental, status } from '@grpc/grpc-js';

const SCHEME = 'trust-layer-list';

type Listener = experimental.ResolverListener;
type Found = Parameters<Listener>[0];

class ListResolver implements experimental.Resolver {
  readonly #children: experimental.Resolver[];
  readonly #found: (Found | undefined)[];
  readonly #listener: Listener;

  constructor(target: experimental.GrpcUri, listener: Listener, options: ChannelOptions) {
    this.#listener = listener;
    const addresses = target.path.split(',');
    this.#found = addresses.map(() => undefined);
    this.#children = addresses.map((path, index) =>
      experimental.createResolver(
        { scheme: 'dns', path },
        (endpoints) => {
          this.#found[index] = endpoints;
          return this.#report();
        },
        options,
      ),
    );
  }

  static getDefaultAuthority(target: experimental.GrpcUri): string {
    return target.path.split(',')[0] ?? target.path;
  }

  updateResolution(): void {
    for (const child of this.#children) {
      child.updateResolution();
    }
  }

  destroy(): void {
    for (const child of this.#children) {
      child.destroy();
    }
  }

  // A name that does not resolve, or is slow to, must not keep the others from serving; only if all failed there is an
  // error.
  #report(): boolean {
    const endpoints = this.#found.flatMap((found) => (found?.ok ? found.value : []));
    if (endpoints.length === 0 && this.#found.includes(undefined)) {
      return true;
    }
    const answer: Found =
      endpoints.length > 0
        ? experimental.statusOrFromValue(endpoints)
        : experimental.statusOrFromError({ code: status.UNAVAILABLE, details: 'No address could be resolved' });
    return this.#listener(answer, {}, null, '');
  }
}

experimental.registerResolver(SCHEME, ListResolver);

/** Makes the gRPC target of a list of `host:port`. */
export function listTarget(addresses: readonly string[]): string {
  return `${SCHEME}:${addresses.join(',')}`;
}
