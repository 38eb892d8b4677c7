import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { load } from '../../src/cutover/steps/load.ts';
import { whileInvalid } from '../load/running.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { makeStepWorld, type TestWorld } from './step-world.ts';

let server: TestRedis;
let redis: RedisConnection;
beforeAll(async () => {
  server = await startRedis();
  redis = await connectRedis({ url: server.url });
});
afterAll(async () => {
  await redis.close();
  await server.stop();
});

/** A world with this text as its profile. */
async function inWorld<T>(text: string, work: (world: TestWorld, profile: string) => Promise<T>): Promise<T> {
  const world = makeStepWorld({ redis: async () => redis, guard: async () => undefined });
  const profile = join(world.folder, 'profile.yaml');
  writeFileSync(profile, text);
  return work(world, profile).finally(() => world.dispose());
}

describe('the step load of a cutover', () => {
  test('passes with the numbers of the test, and leaves nothing in Redis', async () => {
    const text = await whileInvalid(
      () =>
        inWorld('rate: 200/s\nduration: 500ms\ngroups: 2\n', (world, profile) =>
          load.apply({ profile }, world, null).then(
            (result) => result.text,
            (error: Error) => error.message,
          ),
        ),
      (said) => said.includes('nothing is proven'),
    );
    expect(text).toMatch(/^100 messages at \d+\/s, p99 [\d.]+ ms, max [\d.]+ ms, 0 lost, 0 doubled$/);
    expect(await redis.client.keys('*')).toEqual([]);
  });

  test('fails with the threshold that does not hold, and its value', async () => {
    const failed = inWorld(
      'rate: 200/s\nduration: 500ms\nthresholds: ["rate > 1000/s"]\n',
      (world, profile) => load.apply({ profile }, world, null),
    );
    await expect(failed).rejects.toMatchObject({ kind: 'threshold', code: 'LOAD_FAILED' });
    await expect(failed).rejects.toThrow(/not rate > 1000\/s: rate is \d+.*; 100 messages at/);
  });

  test('a profile with a mistake speaks against the plan before anything has changed', async () => {
    const findings = await inWorld('rate: 200/s\nduration: soon\n', (world, profile) =>
      load.preflight!({ profile }, world),
    );
    expect(findings).toMatchObject([
      { level: 'blocker', text: expect.stringMatching(/profile\.yaml:2: duration: expected a duration/) },
    ]);
  });

  test('in a rehearsal nothing is sent', async () => {
    const said = await inWorld('rate: 200/s\nduration: 90s\ntarget: postgres\n', (world, profile) =>
      load.rehearse!({ profile }, world),
    );
    expect(said).toEqual({ text: 'would send to postgres, for 1m30s' });
  });
});
