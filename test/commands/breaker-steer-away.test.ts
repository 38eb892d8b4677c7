import { expect, test } from 'vitest';
import { askRedis } from '../../commands/ask-redis.ts';
import { carryOut } from '../../commands/breaker/carry-out.ts';
import { failedChanges } from '../../commands/breaker/failed-changes.ts';
import { connectRedis } from '../../src/backends/redis/index.ts';
import { lookAtBreakers } from '../../src/breaker/index.ts';
import { startRedis } from '../support/redis.ts';

const names = Array.from({ length: 120 }, (_, i) => `api-${String(i).padStart(3, '0')}`);

test('a server that goes away in the middle is not asked for each of the rest, and what was done stands', async () => {
  const server = await startRedis();
  const redis = await connectRedis({ url: server.url });
  const views = await lookAtBreakers(redis, names);
  const planned = views.map((view) => ({
    target: { name: view.name, view, configured: undefined },
    operation: { verb: 'reset' as const },
  }));
  let asked = 0;
  let stopped: Promise<void> | undefined;
  const outcome = await carryOut(redis, planned, {
    ...{
      operator: { by: 'ann', host: 'desk', reason: null },
      dryRun: false,
      signal: new AbortController().signal,
    },
    ask: async (work) => {
      asked += 1;
      if (asked === 51) stopped = server.stop();
      if (asked > 50) await stopped;
      return askRedis(redis, 'reset breakers', work);
    },
  });
  await redis.close();
  expect(outcome.changes.map(({ name }) => name)).toEqual(names.slice(0, 50));
  expect(asked).toBe(100);
  expect(outcome.failures.map(({ name }) => name)).toEqual(names.slice(50));
  expect(outcome.failures.at(-1)!.error.message).toMatch(/^not tried: connection lost/);
  expect(failedChanges(50, outcome.failures)).toMatchObject({
    ...{ kind: 'partial', code: 'BREAKERS_PARTIAL' },
    message: expect.stringMatching(
      /^70 of 120 breakers could not be changed; api-050: cannot reset breakers/,
    ),
  });
});
