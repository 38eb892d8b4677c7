import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { CELERY_DEFAULTS, CelerySource } from '../../src/sources/celery/index.ts';
import { CeleryApp } from '../support/celery.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { startReplyLoser } from '../support/reply-loser.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';
import { type DrainCase, drain, entriesOf, plan } from './driver.ts';

let broker: TestRedis;
beforeAll(async () => {
  broker = await startRedis();
});
afterAll(() => broker.stop());

let app: CeleryApp;
beforeEach(async () => {
  app = new CeleryApp(broker.url, 'celery');
  await app.redis.flushall();
});

function into(more: Partial<DrainCase> = {}): DrainCase & { target: { stream: string } } {
  return { celery: { url: broker.url }, target: { stream: uniqueName('jobs') }, ...more };
}

/** A run that has taken messages out of the queue and was killed before it had appended any. */
async function takenBy(run: string, count: number): Promise<void> {
  const source = await CelerySource.open({ url: broker.url }, CELERY_DEFAULTS);
  const reader = source.reader({ run, lane: 0, batch: 10 });
  await reader.recover([{ partition: 0, token: '', note: '', ids: [] }], '1|m');
  await reader.read(count);
  await source.close();
}

test.each(['claim', 'settle'])('a %s whose answer is lost is done once', async (what) => {
  const tags = await app.send(Array.from({ length: 30 }, () => ({})));
  const loser = await startReplyLoser(broker.port);
  onTestFinished(() => loser.stop());
  const test = into({
    celery: { url: `redis://127.0.0.1:${loser.port}` },
    settings: { batch: 10 },
  });
  const watching = new Redis(broker.url);
  onTestFinished(() => watching.disconnect());
  // The scripts are the only ones that write; what they leave behind shows which one comes next.
  const next =
    what === 'claim'
      ? () => watching.exists('qctl:celery:celery:claims')
      : () => watching.llen('celery').then((n) => (n === 0 ? 1 : 0));
  let armed = false;
  const arming = (async () => {
    await waitFor(async () => (await next()) === 1, { everyMs: 1, what: 'the script before' });
    loser.loseNext();
    armed = true;
  })();
  const { report } = await drain(test);
  await arming;
  expect(armed).toBe(true);
  expect(report).toMatchObject({ appended: 30, settled: 30, converged: true });
  expect((await entriesOf(test.target.stream)).map((entry) => entry.text('id'))).toEqual(tags);
});

test('messages that another run holds are named, and the rest is drained', async () => {
  const tags = await app.send(Array.from({ length: 20 }, () => ({})));
  const test = into({ settings: { limit: 5 } });
  const first = await plan(test);
  await takenBy(first.run, 8);
  expect(await app.redis.llen('celery')).toBe(12);
  const { report } = await drain(into({ target: test.target, settings: { limit: 20 } }));
  expect(report.notes.join()).toMatch(/8 messages of the queue are held by run/);
  expect((await entriesOf(test.target.stream)).map((entry) => entry.text('id'))).toEqual(tags.slice(8));
});

test('what a worker takes meanwhile is no silent success', async () => {
  await app.send(Array.from({ length: 60 }, () => ({})));
  let took: Promise<unknown> | undefined;
  const { report } = await drain(
    into({
      settings: { batch: 5, ratePerSecond: 50 },
      celery: { url: broker.url, types: ['reports.generate'] },
      onSnapshot: ({ appended }) => {
        if (appended > 0) took ??= app.redis.rpop('celery', 3);
      },
    }),
  );
  expect(await took).toHaveLength(3);
  expect(report).toMatchObject({ appended: 57, converged: false });
  expect(report.sourceChanges).toEqual([expect.objectContaining({ code: 'COMPETING_CONSUMER', count: 3 })]);
});

test('messages that a worker holds are counted, for this queue alone, and keep the run from counting as whole', async () => {
  await app.send([{}, {}, {}]);
  await app.fetch();
  const mail = new CeleryApp(broker.url, 'mail');
  await mail.send([{}]);
  await mail.fetch();
  const shown = await plan(into());
  expect(shown.depth).toMatchObject({ ready: 2, inFlight: 1 });
  const { report } = await drain(into());
  expect(report).toMatchObject({ appended: 2, inFlight: 1, converged: false });
  expect(report.problems).toEqual(['1 message in flight with a consumer']);
});

test('workers that wait for messages are named before anything is taken', async () => {
  const worker = new Redis(broker.url);
  onTestFinished(() => worker.disconnect());
  void worker.brpop('celery', 0).catch(() => undefined);
  await waitFor(async () => /cmd=brpop/.test(String(await app.redis.client('LIST'))), {
    what: 'a worker that waits',
  });
  const { findings } = await plan(into());
  expect(findings).toContainEqual(expect.objectContaining({ code: 'CELERY_WORKERS', level: 'warning' }));
});

test('a name that no worker has declared is said, since an empty queue looks the same', async () => {
  await app.redis.sadd('_kombu.binding.celery', 'celery\x06\x16\x06\x16celery', 'mail\x06\x16\x06\x16mail');
  const { findings } = await plan(into({ celery: { url: broker.url, queue: 'mial' } }));
  const finding = findings.find(({ code }) => code === 'CELERY_QUEUE_UNKNOWN');
  expect(finding!.text).toMatch(/it knows (celery, mail|mail, celery)$/);
});

test('--fresh gives what an unfinished run had taken back to the queue, and drains it', async () => {
  const tags = await app.send(Array.from({ length: 20 }, () => ({})));
  const test = into({ settings: { limit: 4 } });
  const { plan: first } = await drain(test);
  await takenBy(first.run, 6);
  const { report, notes } = await drain(
    into({ target: { stream: `${test.target.stream}-2` }, settings: { fresh: true } }),
  );
  expect(notes.join()).toMatch(/6 messages that run .* had claimed and not appended are ready again/);
  expect(report).toMatchObject({ appended: 16, converged: true });
  const ids = (await entriesOf(`${test.target.stream}-2`)).map((entry) => entry.text('id'));
  expect(ids).toEqual(tags.slice(4));
});

test('a broker that has lost what the run had taken is noticed, and nothing is doubled silently', async () => {
  await app.send(Array.from({ length: 20 }, () => ({})));
  const test = into({ settings: { limit: 5 } });
  await drain(test);
  // As after a restart from an old snapshot.
  await app.redis.del('qctl:celery:celery:claims');
  await expect(drain({ ...test, settings: {} })).rejects.toMatchObject({
    kind: 'source',
    code: 'BROKER_WENT_BACK',
  });
});

test('a broker whose memory is full can still be drained', async () => {
  const full = await startRedis({ args: ['--maxmemory', '5mb', '--maxmemory-policy', 'noeviction'] });
  onTestFinished(() => full.stop());
  const filling = new CeleryApp(full.url, 'celery');
  const tags = await filling.send(Array.from({ length: 500 }, () => ({})));
  await filling.redis.config('SET', 'maxmemory', '1');
  await expect(filling.redis.lpush('celery', 'x')).rejects.toThrow(/OOM/);
  const test = into({ celery: { url: full.url } });
  const { report } = await drain(test);
  expect(report).toMatchObject({ appended: 500, converged: true });
  expect((await entriesOf(test.target.stream)).map((entry) => entry.text('id'))).toEqual(tags);
});

test('a wrong password, a dead server, a cluster and a key of another kind are each said as such', async () => {
  await app.redis.call('ACL', 'SETUSER', 'app', 'on', '>right', '~*', '+@all');
  const at = `127.0.0.1:${broker.port}`;
  await expect(plan(into({ celery: { url: `redis://app:wrong@${at}` } }))).rejects.toMatchObject({
    kind: 'auth',
    code: 'REDIS_AUTH',
  });
  await expect(plan(into({ celery: { url: 'redis://127.0.0.1:1' } }))).rejects.toMatchObject({
    kind: 'source',
    message: expect.stringContaining('127.0.0.1:1'),
  });
  await app.redis.set('celery', 'x');
  await expect(plan(into())).rejects.toMatchObject({ kind: 'source', code: 'BROKER_KEY_TYPE' });
  const node = await startRedis({ args: ['--cluster-enabled', 'yes'] });
  onTestFinished(() => node.stop());
  await expect(plan(into({ celery: { url: node.url } }))).rejects.toMatchObject({
    kind: 'config',
    code: 'BROKER_IS_CLUSTER',
  });
});

test('a user without rights on the lists of the run is refused before anything is taken', async () => {
  await app.send([{}]);
  await app.redis.call('ACL', 'SETUSER', 'few', 'on', '>pw', '~celery*', '~unacked*', '~_kombu*', '+@all');
  const url = `redis://few:pw@127.0.0.1:${broker.port}`;
  await expect(plan(into({ celery: { url } }))).rejects.toMatchObject({
    kind: 'auth',
    code: 'MISSING_RIGHT',
    hint: [expect.stringMatching(/^ACL SETUSER few ~celery\* .*~qctl:\*/)],
  });
  expect(await app.redis.llen('celery')).toBe(1);
});

test('the broker may be the Redis of the stream, in another database', async () => {
  const other = `${sharedRedisUrl()}/3`.replace(/([^:/])\/\d*\/3$/, '$1/3');
  const own = new CeleryApp(other, uniqueName('celery'));
  await own.send([{}, {}]);
  const test = into({ celery: { url: other, queue: own.queue } });
  const { report } = await drain(test);
  expect(report).toMatchObject({ appended: 2, converged: true });
  expect(await entriesOf(test.target.stream)).toHaveLength(2);
});
