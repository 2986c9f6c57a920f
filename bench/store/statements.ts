// What the store says for one call, statement by statement, for the bare drivers.
import type { AuditEvent } from '../../server/src/features/audit/audit.ts';
import type { Session } from '../../server/src/features/session/session.ts';
import type { Dialect } from '../../server/src/store/dialects/dialect.ts';
import type { Step } from './bare.ts';

type Facts = Pick<Dialect, 'nowSql' | 'positionsSql'>;

const step = (name: string, sql: string, ...values: ReturnType<Step['values']>): Step => ({
  name,
  sql,
  values: () => values,
});
const parameters = (count: number, from = 1) =>
  Array.from({ length: count }, (_, place) => `$${place + from}`).join(', ');

export const verify = (tenantId: string, digest: string): Step =>
  step(
    'bare_verify',
    `select s.*, i.* from {session} s left join {identity} i on i.tenant_id = s.tenant_id and i.id = s.identity_id
     where s.tenant_id = $1 and s.digest = $2`,
    tenantId,
    digest,
  );

export const lookUp = (tenantId: string, value: string): Step =>
  step(
    'bare_look_up',
    `select i.*, f.* from {identity} i left join {identifier} f on f.tenant_id = i.tenant_id and f.identity_id = i.id
     where i.tenant_id = $1 and i.id = (select g.identity_id from {identifier} g where g.tenant_id = $1 and g.type = 'email' and g.value = $2)
     order by f.place`,
    tenantId,
    value,
  );

const audit = ({ tenantId, id, at, action, actor, identityId, subject }: AuditEvent): Step =>
  step(
    'bare_audit',
    `insert into {audit_event} (tenant_id, id, at, action, actor, identity_id, subject, facts) values (${parameters(8)})`,
    tenantId,
    id,
    at,
    action,
    actor,
    identityId,
    subject,
    '{}',
  );

/** Columns of a session with their values. */
export type Cells = readonly (readonly [column: string, value: string | number | boolean | null])[];

export const create = (cells: Cells, event: AuditEvent): readonly Step[] => [
  step(
    'bare_create',
    `insert into {session} (${cells.map(([column]) => column).join(', ')}) values (${parameters(cells.length)})`,
    ...cells.map(([, value]) => value),
  ),
  audit(event),
];

const KEPT = ['tenant_id', 'handle', 'last_used_at'];

export function revoke(
  { nowSql, positionsSql }: Facts,
  session: Session,
  cells: Cells,
  event: AuditEvent,
): readonly Step[] {
  const set = cells.filter(([column]) => !KEPT.includes(column));
  const { tenantId, handle, version } = session;
  const key = [tenantId, handle, version - 1];
  const change = [tenantId, 'session', handle, version, 0, true];
  const columns = 'tenant_id, kind, subject, version, epoch, ended, written_at';
  const update = step(
    'bare_update',
    `update {session} set ${set.map(([column], place) => `${column} = $${place + 1}`).join(', ')}
     where tenant_id = $${set.length + 1} and handle = $${set.length + 2} and version = $${set.length + 3}`,
    ...set.map(([, cell]) => cell),
    ...key,
  );
  const acting = step(
    'bare_acting',
    'select handle, version from {session} where tenant_id = $1 and parent_handle = $2 and revoked_at is null',
    tenantId,
    handle,
  );
  if (positionsSql === undefined) {
    const insert = `insert into {change} (${columns}) values (${parameters(6)}, ${nowSql})`;
    return [update, acting, audit(event), step('bare_change', insert, ...change)];
  }
  const { take, last } = positionsSql;
  return [
    update,
    acting,
    audit(event),
    step('bare_take', take.replace('?', '$1').replace('?', '$2'), 1, 1),
    ...(last === undefined ? [] : [step('bare_last', last)]),
    {
      name: 'bare_change',
      sql: `insert into {change} (position, ${columns}) values ($1, ${parameters(6, 2)}, ${nowSql})`,
      values: ([row]) => [Number(row?.[0]), ...change],
    },
  ];
}
