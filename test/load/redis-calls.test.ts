import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectRedis } from '../../src/backends/redis/index.ts';
import { callsOf } from '../../src/load/targets/redis/calls.ts';
import { ValueReader } from '../../src/load/targets/redis/value-reader.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { waitFor } from '../support/wait.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

const REPLIES = [
  '*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-0\r\n*2\r\n$4\r\nbody\r\n$4\r\na\r\nb\r\n',
  ':12\r\n*-1\r\n$-1\r\n*0\r\n$0\r\n\r\n+OK\r\n-NOGROUP gone\r\n',
].join('');
const VALUES = [[['s', [['1-0', ['body', 'a\r\nb']]]]], 12, null, null, [], '', 'OK', 'Error: NOGROUP gone'];

const plain = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(plain)
    : Buffer.isBuffer(value) || value instanceof Error
      ? `${value}`
      : value;

test('replies are read whole wherever the network has cut them', () => {
  const all = Buffer.from(REPLIES);
  for (let size = 1; size <= all.length; size += 1) {
    const values: unknown[] = [];
    const reader = new ValueReader((value) => values.push(plain(value)));
    for (let at = 0; at < all.length; at += size) reader.read(all.subarray(at, at + size));
    expect(values, `in pieces of ${size}`).toEqual(VALUES);
  }
});

test('a call that waits ends with its connection; the calls after it go by the next one', async () => {
  const calls = callsOf(await connectRedis({ url: server.url }));
  try {
    const [length, wrong] = await Promise.allSettled([
      calls.call('XADD', 'calls', '1-1', 'body', Buffer.from([0, 255])),
      calls.call('GET', 'calls'),
    ]);
    expect(length).toEqual({ status: 'fulfilled', value: Buffer.from('1-1') });
    expect(wrong).toMatchObject({ reason: { message: expect.stringMatching(/^WRONGTYPE/) } });
    const blocked = calls.call('XREAD', 'BLOCK', 0, 'STREAMS', 'calls', '$');
    calls.cut();
    await expect(blocked).rejects.toThrow('Connection is closed');
    const entries = await waitFor(() => calls.call('XRANGE', 'calls', '-', '+'));
    expect(entries).toEqual([[Buffer.from('1-1'), [Buffer.from('body'), Buffer.from([0, 255])]]]);
  } finally {
    await calls.close();
  }
});
