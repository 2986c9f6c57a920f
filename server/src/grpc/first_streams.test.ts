import { equal } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';

/** V8 learns once a process, so it is asked in one of its own: six streams, a collection that finds none, and twenty more. */
const PROGRAM = `
import { connect, createServer } from 'node:http2';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
const { holdFirstStreams } = await import(process.argv[1]);
const server = createServer();
if (process.argv[2] === 'held') holdFirstStreams(server);
const fast = [];
server.on('stream', (stream) => {
  stream.resume();
  stream.once('wantTrailers', () => stream.sendTrailers({ ended: 'well' }));
  stream.respond({}, { waitForTrailers: true });
  stream.end('answered');
  fast.push(%HasFastProperties(stream));
});
await once(server.listen(0, '127.0.0.1'), 'listening');
const client = connect('http://127.0.0.1:' + server.address().port);
for (let call = 0; call < 26; call++) {
  if (call === 6) { await sleep(50); gc(); gc(); }
  await once(client.request().resume(), 'close');
}
client.close();
server.close();
const slow = fast.indexOf(false);
console.log(slow < 0 ? 'all fast' : 'slow from ' + slow);
`;

const FLAGS = ['--expose-gc', '--allow-natives-syntax', '--input-type=module', '--eval'];
const MODULE = new URL('./first_streams.ts', import.meta.url).href;
const run = (held: string) =>
  execFileSync(process.execPath, [...FLAGS, PROGRAM, MODULE, held], { encoding: 'utf8' }).trim();

describe('the first streams', () => {
  it('are held, so that later ones keep their places', () => equal(run('held'), 'all fast'));

  it('would be missed in this version of Node', () => equal(run('loose'), 'slow from 6'));
});
