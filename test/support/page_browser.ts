import { ADA, type Answer, type Fields, FLOW, type HttpWorld } from './http_world.ts';

/** The cookies of a browser, and the forms that it posts without a script. */
export function pageBrowser(world: HttpWorld) {
  const jar = new Map<string, string>();
  const keep = (answer: Answer) => {
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [pair = ''] = line.split(';');
      const split = pair.indexOf('=');
      if (/Max-Age=0;/.test(line)) jar.delete(pair.slice(0, split));
      else jar.set(pair.slice(0, split), pair.slice(split + 1));
    }
    return answer;
  };
  const cookie = () => [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
  const get = async (path: string) => keep(await world.send('GET', path, { headers: { cookie: cookie() } }));
  const query = (flow: Fields) => new URLSearchParams(flow).toString();
  const fieldOf = (answer: Answer, name: string) =>
    (new RegExp(`name="${name}" value="([^"]*)"`).exec(answer.body)?.[1] ?? '').replaceAll('&amp;', '&');
  const post = async (path: string, page: Answer, typed: Fields, flow: Fields = FLOW) =>
    keep(await world.post(path, { ...flow, form_token: fieldOf(page, 'form_token'), ...typed }, { cookie: cookie() }));
  return {
    jar,
    get,
    post,
    fieldOf,
    open: (path: string, flow: Fields = FLOW) => get(`${path}?${query(flow)}`),
    /** Types a password, and follows to what comes then. */
    async password(path = '/sign-in', flow: Fields = FLOW) {
      const page = await get(`${path}?${query(flow)}`);
      const answer = await post(path, page, ADA, flow);
      return answer.status === 303 && answer.headers.location?.startsWith('/') ? get(answer.headers.location) : answer;
    },
  };
}
