// Tokens whose claims about an organisation must be refused.
import { make } from './hostile_payload.ts';
import type { Vector } from './token.ts';

const ORG = 'org_0192f5a7c3d47e8f9a0b1c2d3e4f5a6b';

/** What holds in an organisation is said with which one, and as of when (ORG-10). */
export function organisations(): Vector[] {
  const refused = make('organisation', 'ORG-10', 'TOKEN_CLAIMS');
  const typed = make('organisation', 'TOK-19', 'TOKEN_CLAIMS');
  const whole = { org: ORG, org_ver: 1 };
  return [
    refused('org without org_ver', { org: ORG }),
    refused('org_ver without org', { org_ver: 1 }),
    refused('permissions without org', { permissions: ['orders:read'] }),
    refused('permissions and org_ver without org', { permissions: ['orders:read'], org_ver: 1 }),
    refused('permissions and org without org_ver', { permissions: ['orders:read'], org: ORG }),
    refused('org_roles without org', { org_roles: ['owner'] }),
    refused('permissions with Org', { permissions: ['orders:read'], Org: ORG, org_ver: 1 }),
    typed('org empty', { ...whole, org: '' }),
    typed('org a list', { ...whole, org: [ORG] }),
    typed('org null', { ...whole, org: null }),
    typed('org a number', { ...whole, org: 1 }),
    typed('org_ver 0', { ...whole, org_ver: 0 }),
    typed('org_ver negative', { ...whole, org_ver: -1 }),
    typed('org_ver a string', { ...whole, org_ver: '1' }),
    typed('org_ver null', { ...whole, org_ver: null }),
    typed('org_ver true', { ...whole, org_ver: true }),
    typed('org_roles a string', { ...whole, org_roles: 'owner' }),
    typed('org_roles with a number', { ...whole, org_roles: [1] }),
    typed('org_roles null', { ...whole, org_roles: null }),
    typed('permissions a string', { ...whole, permissions: 'orders:read' }),
    typed('permissions an object', { ...whole, permissions: { 0: 'orders:read' } }),
    typed('permissions with null', { ...whole, permissions: [null] }),
    typed('permissions null', { ...whole, permissions: null }),
  ];
}
