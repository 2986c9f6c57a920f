import { deepEqual } from 'node:assert/strict';
import { HELD } from './engine.ts';

describe('engine', () => {
  it('holds one of the objects that nextTick queues', () => {
    const held: unknown = Reflect.get(process, HELD);
    deepEqual(
      Object.getOwnPropertyNames(held).filter((name) => name === 'callback'),
      ['callback'],
    );
  });
});
