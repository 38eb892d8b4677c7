import { expect, test } from 'vitest';
import { CeleryApp } from '../support/celery.ts';
import { startRedis } from '../support/redis.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import {
  drainThroughKills,
  expectConverged,
  expectExactlyOnce,
  finish,
  lookInto,
  readStream,
  type Scenario,
  start,
  tell,
  untilAppended,
  untilWaiting,
} from './harness.ts';

const MESSAGES = 4000;

function scenarioOf(broker: string, queue: string, more: string[] = []): Scenario {
  const stream = uniqueName('jobs');
  const connection = ['--redis-url', sharedRedisUrl(), '--broker-url', broker];
  const words = ['celery', '--queue', queue, '--stream', stream, '--batch', '50', '--rate', '2000/s'];
  return {
    command: [...words, ...connection, ...more],
    connection,
    stream,
    partitions: more.includes('--partitions') ? 3 : 1,
    target: lookInto(sharedRedisUrl()),
  };
}

test('a queue drained through 4 kills, with a worker at work on it, brings each task to one of the two', async () => {
  const app = new CeleryApp(sharedRedisUrl(), uniqueName('celery'));
  const tags = await app.send(
    Array.from({ length: MESSAGES }, (_, i) => ({ args: [i], priority: i % 4 === 0 ? 3 : 0 })),
  );
  const scenario = scenarioOf(sharedRedisUrl(), app.queue, ['--partitions', '3', '--allow-competing']);
  const worked: string[] = [];
  const { report, landed, seed } = await drainThroughKills(scenario, {
    kills: 5,
    // What stands in the queue between two lives is any worker's.
    afterKill: async () => {
      const raw = await app.redis.rpop(app.queue);
      if (raw !== null) worked.push(JSON.parse(raw).properties.delivery_tag);
    },
  });
  expect(landed).toBeGreaterThanOrEqual(4);
  const left = new Set(worked);
  await expectConverged(
    scenario,
    tags.filter((tag) => !left.has(tag)),
    report,
    `seed ${seed}`,
  );
  expect(await app.redis.keys(`qctl:celery:${app.queue}:*`)).toEqual([]);
  tell('celery', { landed, suppressed: report.duplicatesSuppressed, worked: worked.length });
  scenario.target.disconnect();
});

test('a broker that is killed and comes back with its data is waited for', async () => {
  const broker = await startRedis({ aof: 'always' });
  const app = new CeleryApp(broker.url, 'celery');
  const tags = await app.send(Array.from({ length: MESSAGES / 2 }, (_, i) => ({ args: [i] })));
  const scenario = scenarioOf(broker.url, app.queue);
  const process = start(scenario);
  await untilAppended(scenario, process, 500);
  await broker.kill9();
  await untilWaiting(process, /celery queue/);
  await broker.restart();
  await finish(process);
  expectExactlyOnce(await readStream(scenario), tags);
  scenario.target.disconnect();
  await broker.stop();
});
