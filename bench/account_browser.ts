// A browser without scripts that looks at the account pages.
import { FLOW } from '../test/support/http_world.ts';

export const PAGES = ['/account', '/second-step', '/account/sessions', '/account/activity'] as const;

/** Signs in to the account pages, and gives what opens one of them. */
export async function accountBrowser(publicUrl: string, identifier: string, password: string) {
  const jar = new Map<string, string>();
  const send = async (
    path: string,
    form?: Readonly<Record<string, string>>,
  ): Promise<{ status: number; body: string }> => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const body = form && new URLSearchParams({ ...FLOW, ...form });
    const answer = await fetch(`${publicUrl}${path}`, {
      method: form === undefined ? 'GET' : 'POST',
      redirect: 'manual',
      headers: { cookie, ...(form && { origin: publicUrl }) },
      ...(body && { body }),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      jar.set(name, value);
    }
    return { status: answer.status, body: await answer.text() };
  };
  const open = (path: string) => send(`${path}?${new URLSearchParams(FLOW)}`);
  const page = await open('/security');
  const formToken = /name="form_token" value="([^"]*)"/.exec(page.body)?.[1] ?? '';
  await send('/security', { form_token: formToken, identifier, password });
  return async (path: (typeof PAGES)[number]): Promise<void> => {
    const { status } = await open(path);
    if (status !== 200) throw new Error(`${path}: ${status}`);
  };
}
