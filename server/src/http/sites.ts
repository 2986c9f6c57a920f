import { createHmac } from 'node:crypto';
import type { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import type { Site } from '../features/tenant/origins.ts';
import { DEFAULT_TENANT } from '../features/tenant/tenant.ts';
import { type Asset, readAssets } from './assets.ts';
import { type PageEnv, ROUTES } from './routes.ts';
import { securityHeaders } from './security_headers.ts';
import type { HttpOptions } from './server.ts';

/** What the pages of one tenant are made of. They have an origin of their own, so that browsers keep cookies, passkeys and scripts of tenants apart (spec TEN-4). */
export type SiteOptions = HttpOptions & Site & { readonly assets: Assets };

type Assets = Readonly<Record<'style' | 'icon' | 'passkey' | 'work', Asset>>;
type Fetch = Parameters<typeof getRequestListener>[0];

/** Pages of so many tenants are kept; others are put together when they are asked for. */
const KEPT = 256;

/** What says how the server is, whatever name it is called by: without the database. */
const OF_EVERY_HOST: ReadonlySet<string> = new Set([ROUTES.health.path, ROUTES.ready.path]);

/**
 * Gives each request to the pages of the tenant at its host. The host chooses, and builds nothing: every link is made of the origin that the tenant
 * has (spec TEN-5). One that is no tenant's is answered by `default`.
 */
export function pagesByHost(options: HttpOptions, pagesOf: (site: SiteOptions) => Hono<PageEnv>): Fetch {
  const assets = readAssets();
  const made = new Map<string, Hono<PageEnv>>();
  const pagesFor = (site: Site) => {
    const providers = options.oauth.providers.filter(({ tenants }) => tenants.includes(site.tenantId));
    const formKey = ownKey(options.formKey, site.tenantId);
    return pagesOf({ ...options, ...site, assets, formKey, oauth: { ...options.oauth, providers } });
  };
  const standard = pagesFor({ tenantId: DEFAULT_TENANT, publicUrl: options.publicUrl });
  const standardHost = new URL(options.publicUrl).host;

  const pagesAt = async (host: string): Promise<Hono<PageEnv>> => {
    const kept = made.get(host);
    if (kept !== undefined) return kept;
    const site = await options.siteAt(host);
    if (site === undefined) return standard;
    const pages = pagesFor(site);
    const [oldest] = made.keys();
    if (made.size >= KEPT && oldest !== undefined) made.delete(oldest);
    made.set(host, pages);
    return pages;
  };

  return (request, env) => {
    const host = env.incoming.headers.host?.toLowerCase() ?? '';
    const [path = ''] = (env.incoming.url ?? '').split('?', 1);
    if (host === standardHost || OF_EVERY_HOST.has(path)) return standard.fetch(request, env);
    return pagesAt(host).then(
      (pages) => pages.fetch(request, env),
      // Whose pages they are cannot be told, so nobody's are shown.
      (error) => {
        options.log.warn({ event: 'site_unknown', error }, 'Which tenant a host belongs to cannot be read.');
        const headers = { ...securityHeaders(options), 'cache-control': 'no-store', 'retry-after': '5' };
        return new Response('503 Service Unavailable\n', { status: 503, headers });
      },
    );
  };
}

/** A form of one tenant's pages is none of another's. That of `default` is as it was before there were others. */
const ownKey = (formKey: Uint8Array, tenantId: string): Uint8Array =>
  tenantId === DEFAULT_TENANT ? formKey : createHmac('sha256', formKey).update(`tenant ${tenantId}`).digest();
