import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import type { CelerySourceFacts } from '../../src/analyse/index.ts';
import { CELERY_DEFAULTS, CelerySource } from '../../src/sources/celery/index.ts';
import { CeleryApp } from '../support/celery.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { waitFor } from '../support/wait.ts';
import { analysed, type Case, found } from './driver.ts';

let broker: TestRedis;
let app: CeleryApp;
beforeAll(async () => {
  broker = await startRedis({ aof: 'everysec' });
});
afterAll(() => broker.stop());
beforeEach(async () => {
  app = new CeleryApp(broker.url, 'celery');
  await app.redis.flushall();
});

const of = (more: Partial<Case> = {}): Case => ({ celery: { url: broker.url }, ...more });

async function codes(given: Case = of()): Promise<string[]> {
  return (await analysed(given)).findings.map(({ code }) => code);
}

async function facts(given: Case = of()): Promise<CelerySourceFacts> {
  return (await analysed(given)).moves[0]!.source as CelerySourceFacts;
}

test('a queue of plain tasks is ready to move: lists by priority, sizes, tasks, and no finding', async () => {
  await app.send([{}, { task: 'mail.send' }, { priority: 6 }, { retries: 3 }]);
  const analysis = await analysed(of());
  expect(analysis.findings).toEqual([]);
  expect(analysis.verdict).toBe('ready');
  const [{ source, types, forecast }] = analysis.moves as [(typeof analysis.moves)[0]];
  expect(source).toMatchObject({
    kind: 'celery',
    queue: 'celery',
    database: 0,
    lists: [
      { priority: 0, ready: 3 },
      { priority: 6, ready: 1 },
    ],
    ready: { value: 4, how: 'counted' },
    scheduled: { value: 0, how: 'counted' },
    unacked: 0,
    workersWaiting: 0,
    messagesSeen: 4,
    aofEnabled: true,
  });
  expect(types!.map(({ type, ready, attempts }) => [type, ready.value, attempts])).toEqual([
    ['mail.send', 1, 0],
    ['reports.generate', 3, 1],
  ]);
  expect(forecast!.messages).toBe(4);
});

test('a queue too large to be read whole is sampled everywhere in it, and says so', async () => {
  const raws = Array.from(
    { length: 30_000 },
    (_, i) => `{"body": "", "headers": {"task": "t${i % 2}"}, "properties": {"delivery_tag": "${i}"}}`,
  );
  for (let at = 0; at < raws.length; at += 5000)
    await app.redis.lpush('celery', ...raws.slice(at, at + 5000));
  const { moves } = await analysed(of());
  const source = moves[0]!.source as CelerySourceFacts;
  expect(source.ready).toEqual({ value: 30_000, how: 'counted' });
  expect(source.messagesSeen).toBe(20_000);
  expect(moves[0]!.types!.map(({ ready }) => ready)).toEqual([
    { value: 15_000, how: 'sampled' },
    { value: 15_000, how: 'sampled' },
  ]);
});

test('what workers hold is told with their tasks, and of another queue nothing', async () => {
  await app.send([{ task: 'slow' }, { eta: '2031-01-01T00:00:00+00:00', task: 'later' }, {}]);
  await app.fetch();
  await app.fetch();
  const mail = new CeleryApp(broker.url, 'mail');
  await mail.send([{}]);
  await mail.fetch();
  expect(await codes()).toEqual(['UNACKED']);
  const { unacked, unackedWaiting, oldestUnackedAgeMs } = await facts();
  expect({ unacked, unackedWaiting }).toEqual({ unacked: 2, unackedWaiting: 1 });
  expect(oldestUnackedAgeMs).toBeLessThan(60_000);
  const types = (await analysed(of())).moves[0]!.types!;
  expect(types.find(({ type }) => type === 'slow')).toMatchObject({
    running: { value: 1 },
    ready: { value: 0 },
  });
  await app.redis.del('unacked', 'unacked_index');
  expect(await codes()).toEqual([]);
});

test('messages of workers that are gone are told from those of living ones', async () => {
  await app.send([{}]);
  const tag = await app.fetch();
  await app.redis.zadd('unacked_index', Date.now() / 1000 - 7200, tag!);
  const [finding] = await found(of(), 'UNACKED_ABANDONED');
  expect(finding!.what).toMatch(/^1 message of the queue is in unacked, the oldest for 2h/);
  const worker = new Redis(broker.url);
  onTestFinished(() => worker.disconnect());
  void worker.brpop('celery', 0).catch(() => undefined);
  await waitFor(async () => (await facts()).workersWaiting === 1, { what: 'a worker that waits' });
  expect((await codes()).sort()).toEqual(['CELERY_WORKERS', 'UNACKED']);
});

test('more unacknowledged messages than are looked at are unknown, not none', async () => {
  const pairs = Array.from({ length: 20_001 }, (_, i) => [`tag${i}`, 'x']).flat();
  await app.redis.hset('unacked', ...pairs);
  await app.send([{}]);
  expect(await codes()).toEqual(['UNACKED_NOT_COUNTED']);
  expect((await facts()).unacked).toBeNull();
});

test('what is no envelope, pickled, linked, not due or expired is told, each by its number', async () => {
  const file = new URL('../sources/celery/recorded.json', import.meta.url);
  const { envelopes } = JSON.parse(readFileSync(file, 'utf8')) as {
    envelopes: { name: string; raw: string }[];
  };
  for (const { raw } of envelopes) await app.redis.lpush('celery', raw);
  await app.redis.lpush('celery', 'junk');
  await app.send([{ expires: '2020-01-01T00:00:00+00:00' }]);
  const { findings } = await analysed(of());
  const numbers = findings.map(({ code, what }) => [code, Number(/^\d+/.exec(what)?.[0])]);
  expect(numbers).toEqual([
    ['NOT_ENVELOPES', 1],
    ['PICKLED_BODIES', 1],
    ['LINKED_TASKS', 3],
    ['TASKS_WITH_ETA', 2],
    ['TASKS_EXPIRED', 1],
  ]);
});

test('a queue that grows, a name that nobody knows, and what a run holds', async () => {
  await app.send([{}]);
  const timer = setInterval(() => void app.send([{}]), 20);
  onTestFinished(() => clearInterval(timer));
  expect(await codes(of({ observeMs: 300 }))).toEqual(['GROWING']);
  clearInterval(timer);
  expect(await codes(of({ celery: { url: broker.url, queue: 'nobody' } }))).toEqual(['CELERY_QUEUE_UNKNOWN']);
  const source = await CelerySource.open({ url: broker.url }, CELERY_DEFAULTS);
  const reader = source.reader({ run: 'other', lane: 0, batch: 10 });
  await reader.recover([{ partition: 0, token: '', note: '', ids: [] }], '1|m');
  await reader.read(1);
  const [held] = await found(of(), 'HELD_BY_RUN');
  expect(held!.what).toBe('1 message of the queue is held by run other: they are not drained');
  await reader.release!();
  await source.close();
  expect(await codes()).toEqual([]);
});

test('a broker that may lose what it was told, or evicts queues, is told', async () => {
  await app.send([{}]);
  await app.redis.config('SET', 'appendonly', 'no');
  await app.redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
  expect((await codes()).sort()).toEqual(['BROKER_EVICTS', 'BROKER_MAY_FORGET']);
  await app.redis.config('SET', 'appendonly', 'yes');
  await app.redis.config('SET', 'maxmemory-policy', 'noeviction');
  expect(await codes()).toEqual([]);
});

test('a user who may only read sees everything, and what a drain would lack', async () => {
  await app.send([{}]);
  await app.redis.call(
    'ACL',
    'SETUSER',
    'eyes',
    'on',
    '>pw',
    '~celery*',
    '~unacked*',
    '~_kombu*',
    '+@read',
    '+info',
    '+client|list',
    '+acl|whoami',
    '+acl|dryrun',
    '+@connection',
  );
  const given = of({ celery: { url: `redis://eyes:pw@127.0.0.1:${broker.port}` } });
  const missing = await found(given, 'MISSING_RIGHT');
  expect(missing.length).toBeGreaterThan(3);
  expect(missing[0]).toMatchObject({
    level: 'blocker',
    remedy: expect.stringContaining('ACL SETUSER eyes '),
  });
  expect((await facts(given)).ready.value).toBe(1);
});
