import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jemalloc } from '../../src/analyse/forecast/allocation.ts';
import { elementBytes } from '../../src/analyse/forecast/listpack.ts';
import { StreamModel } from '../../src/analyse/forecast/stream-memory.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

let server: TestRedis;
let redis: Redis;
beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

const usedMemory = async (): Promise<number> =>
  Number(/used_memory:(\d+)/.exec(await redis.info('memory'))![1]);

/** Memory that these entries take in a stream of their own. */
async function measured(entries: Buffer[][]): Promise<number> {
  await redis.flushall();
  const before = await usedMemory();
  for (let at = 0; at < entries.length; at += 50) {
    const pipeline = redis.pipeline();
    for (const entry of entries.slice(at, at + 50)) pipeline.xadd('s', '*', ...entry);
    await pipeline.exec();
  }
  return (await usedMemory()) - before;
}

function modelled(entries: Buffer[][], nodeMaxBytes = 4096, nodeMaxEntries = 100): number {
  const model = new StreamModel({ nodeMaxBytes, nodeMaxEntries, allocate: jemalloc });
  for (const entry of entries) model.add(entry);
  return model.bytes;
}

/** Entries as drains write them: the same fields in most, a body of any size, some fields missing in some. */
const shapes = fc.record({
  sizes: fc.array(fc.oneof(fc.nat(200), fc.nat(3000), fc.nat(9000)), { minLength: 1, maxLength: 12 }),
  optional: fc.nat(4),
  numeric: fc.boolean(),
});

const entriesOf = ({ sizes, optional, numeric }: { sizes: number[]; optional: number; numeric: boolean }) =>
  Array.from({ length: 1500 }, (_, i) => {
    const id = numeric ? String(i * 7919) : `job-${i}`;
    const fields = ['id', id, 'body', 'x'.repeat(sizes[i % sizes.length]!)];
    if (optional > 0 && i % (optional + 1) === 0) fields.push('attempts', String(i % 5));
    return [...fields, 'source', 'jobs', 'run', 'jobs-20261122-010203-ab12'].map((text) => Buffer.from(text));
  });

describe('the model of a stream', () => {
  test('says what Redis takes, within 15 %, whatever the entries are', async () => {
    await measured(entriesOf({ sizes: [100], optional: 0, numeric: true }));
    await fc.assert(
      fc.asyncProperty(shapes, async (shape) => {
        const entries = entriesOf(shape);
        const real = await measured(entries);
        // What the server keeps for connections is no part of it.
        const noise = 60_000;
        const model = modelled(entries);
        expect(model).toBeGreaterThan(real * 0.85 - noise);
        expect(model).toBeLessThan(real * 1.15 + noise);
      }),
      { numRuns: 12 },
    );
  });

  test.each([
    ['1024', '100'],
    ['0', '10'],
    ['65536', '0'],
  ])('follows stream-node-max-bytes %s and -entries %s', async (bytes, count) => {
    await redis.config('SET', 'stream-node-max-bytes', bytes, 'stream-node-max-entries', count);
    const entries = entriesOf({ sizes: [120, 700], optional: 2, numeric: true });
    const real = await measured(entries);
    await redis.config('SET', 'stream-node-max-bytes', '4096', 'stream-node-max-entries', '100');
    expect(modelled(entries, Number(bytes), Number(count)) / real).toBeGreaterThan(0.85);
    expect(modelled(entries, Number(bytes), Number(count)) / real).toBeLessThan(1.15);
  });
});

test('numbers are packed as Redis packs them, and all that is no plain number as text', () => {
  const bytes = (text: string) => elementBytes(Buffer.from(text));
  expect(
    ['0', '127', '128', '-1', '4095', '40000', '9999999', '2147483647', '99999999999'].map(bytes),
  ).toEqual([2, 2, 3, 3, 3, 5, 5 + 1, 6, 10]);
  expect(['007', '+5', '1.0', '-0', '99999999999999999999'].map(bytes)).toEqual([5, 4, 5, 4, 22]);
  expect(bytes('x'.repeat(63))).toBe(65);
  expect(bytes('x'.repeat(64))).toBe(67);
  expect(bytes('x'.repeat(5000))).toBe(5007);
});
