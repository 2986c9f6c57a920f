import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { keepInTable, StreamTable } from './stream_table.ts';

describe('streams of a connection', () => {
  it('are told as a map tells them', () => {
    const [table, map] = [new StreamTable<string>(), new Map<number, string>()];
    const check = () => {
      assert.equal(table.size, map.size);
      assert.deepEqual([...table.values()], [...map.values()]);
      const seen: unknown[] = [];
      table.forEach((stream, id) => void seen.push([id, stream]));
      assert.deepEqual(seen, [...map]);
      for (const id of [0, 1, 3, 5]) assert.deepEqual([table.has(id), table.get(id)], [map.has(id), map.get(id)]);
    };
    for (const id of [1, 3, 3, 5]) {
      table.set(id, `stream ${id}`);
      map.set(id, `stream ${id}`);
      check();
    }
    for (const id of [3, 3, 1, 5]) {
      assert.equal(table.delete(id), map.delete(id));
      check();
    }
    table.set(7, 'the first of two');
    table.set(9, 'gone by then');
    table.forEach((_, id) => {
      table.delete(id);
    });
    assert.equal(table.size, 0);
  });

  it('are kept in a table by this version of Node, and end with their connection', async () => {
    const server = createServer();
    const [streams, tables]: [ServerHttp2Stream[], boolean[]] = [[], []];
    server.on('session', (session: ServerHttp2Session) => void tables.push(keepInTable(session)));
    server.on('stream', (stream) => {
      stream.on('error', () => {});
      stream.respond();
      streams.push(stream);
      if (streams.length > 1) stream.end('answered');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    client.on('error', () => {});
    const [open, done] = [client.request(), client.request()];
    open.on('error', () => {});
    let answer = '';
    done.setEncoding('utf8').on('data', (text) => {
      answer += text;
    });
    await once(done, 'close');
    assert.equal(answer, 'answered');
    assert.deepEqual(tables, [true]);
    const [left] = streams;
    assert.ok(left && !left.closed);
    const ended = once(left, 'close');
    client.destroy();
    await ended;
    server.close();
    await once(server, 'close');
  });
});
