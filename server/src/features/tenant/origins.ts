import { TrustError } from '../../errors/trust_error.ts';
import type { TenantStore } from './store.ts';
import { DEFAULT_TENANT, type Tenant } from './tenant.ts';

/** The origin of a tenant's pages, which is the issuer of its Trust Tokens and its relying party too; it never changes. Errors: TENANT_NOT_FOUND. */
export type OriginOf = (tenantId: string) => Promise<string>;

/** Where the pages of a tenant are. */
export type Site = { readonly tenantId: string; readonly publicUrl: string };

/** The tenant, other than `default`, whose pages are at a host (`name` or `name:port`, in lower case). */
export type SiteAt = (host: string) => Promise<Site | undefined>;

/** Origins are read once: they never change. `publicUrl` is that of `default`. */
export function origins(deps: {
  readonly tenants: Pick<TenantStore, 'read' | 'readByHost'>;
  readonly publicUrl: string;
}): { readonly originOf: OriginOf; readonly siteAt: SiteAt } {
  const known = new Map<string, string>();
  const learn = ({ id, publicUrl }: Tenant): string => {
    known.set(id, publicUrl);
    return publicUrl;
  };
  return {
    async originOf(tenantId) {
      if (tenantId === DEFAULT_TENANT) return deps.publicUrl;
      const found = known.get(tenantId);
      if (found !== undefined) return found;
      const tenant = await deps.tenants.read(tenantId);
      if (tenant === undefined) throw new TrustError('TENANT_NOT_FOUND');
      return learn(tenant);
    },

    async siteAt(host) {
      const tenant = host === '' ? undefined : await deps.tenants.readByHost(host);
      return tenant && { tenantId: tenant.id, publicUrl: learn(tenant) };
    },
  };
}

/** Whether an origin may be that of a tenant's pages: https, or http on this machine, whose names under `localhost` browsers find by themselves. */
export function isTenantOrigin(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.origin !== text || text.length > 255) return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isOfThisMachine(url.hostname));
}

const isOfThisMachine = (host: string): boolean => /^(?:.+\.)?localhost$|^127(?:\.\d{1,3}){3}$|^\[::1\]$/.test(host);

const isAddress = (host: string): boolean => /^[\d.]+$|^\[/.test(host);

/** The origin under that of `default` for a tenant that is given none; undefined where that has an address in place of a name. */
export function originUnder(publicUrl: string, id: string): string | undefined {
  const url = new URL(publicUrl);
  const host = isOfThisMachine(url.hostname) ? 'localhost' : url.hostname;
  if (isAddress(host)) return undefined;
  return `${url.protocol}//${id}.${host}${url.port === '' ? '' : `:${url.port}`}`;
}
