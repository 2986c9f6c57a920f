import { a, characters, type Edge, pageSize } from './field_edges.ts';

const id: Edge = { good: ['a', a(63), 'a-9'], bad: ['', a(64), '-a', 'a-', 'A', 'a.b', 'a_b', 'a\n', 'é'] };

/** The edges of what makes and lists tenants. */
export const tenantEdges: Readonly<Record<string, Readonly<Record<string, Edge>>>> = {
  SuspendTenant: { id, reason: characters(256) },
  ResumeTenant: { id },
  CreateTenant: {
    id,
    display_name: characters(64),
    public_url: {
      good: ['', 'https://login.example', 'https://login.example:8443', 'http://a.localhost:1', `https://${a(247)}`],
      bad: [
        'x',
        'http://login.example',
        'https://login.example/',
        'https://Login.example',
        'https://login.example:443',
        'https://u@login.example',
        'https://login.example?x',
        'ftp://login.example',
        'javascript:alert(1)',
        'http://localhost.example',
        `https://${a(248)}`,
      ],
    },
  },
  ListTenants: { page_size: pageSize },
};
