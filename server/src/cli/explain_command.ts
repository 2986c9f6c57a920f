import type { CliIo } from './actions.ts';
import { ask, type CallFlags } from './call.ts';
import { UsageError } from './exit.ts';

type Answer = {
  readonly state: string;
  readonly summary: string;
  readonly handle: string;
  readonly identity_id: string;
  readonly created_at?: string;
  readonly ended_at?: string;
  readonly ended_by?: { readonly id: string; readonly action: string; readonly actor: string };
};

/** Explains a session: one sentence, then what is known of it. */
export async function explain(session: string, flags: CallFlags & { tenant: string }, io: CliIo): Promise<void> {
  const fromInput = session === '-';
  if (!fromInput && !session.startsWith('ses_'))
    throw new UsageError('Give the handle (ses_…). A session_id is a secret: give - and write it to standard input.');
  const target = fromInput ? { session_id: (await io.readStdin()).trim() } : { handle: session };
  const request = JSON.stringify({ tenant_id: flags.tenant, ...target });
  const answer = (await ask('AuditService/ExplainSession', request, flags, io)) as unknown as Answer;
  io.out(flags.json === true ? `${JSON.stringify(answer)}\n` : wordsOf(answer));
}

function wordsOf({ state, summary, handle, identity_id, created_at, ended_at, ended_by }: Answer): string {
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['state', state.replace('SESSION_STATE_', '').toLowerCase().replaceAll('_', ' ')],
    ['session', handle],
    ['identity', identity_id],
    ['began', created_at],
    ['ended', ended_at],
    ['by', ended_by && `${ended_by.actor}, ${ended_by.action} (${ended_by.id})`],
  ];
  const lines = facts.flatMap(([name, value]) => (value ? [`  ${name.padEnd(9)} ${value}`] : []));
  return `${[summary, ...lines].join('\n')}\n`;
}
