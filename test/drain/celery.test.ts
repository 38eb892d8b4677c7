import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CeleryApp, envelope, listOf, type Task } from '../support/celery.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { type DrainCase, drain, entriesOf, plan } from './driver.ts';

/** A queue of its own in the shared Redis, and the stream that it goes to. */
function started(): { app: CeleryApp; stream: string; of: (more?: Partial<DrainCase>) => DrainCase } {
  const app = new CeleryApp(sharedRedisUrl(), uniqueName('celery'));
  const stream = uniqueName('jobs');
  const celery = { url: sharedRedisUrl(), queue: app.queue };
  return { app, stream, of: (more = {}) => ({ celery, target: { stream }, ...more }) };
}

/** What stands under the names of this queue. */
async function leftOf({ redis, queue }: CeleryApp): Promise<string[]> {
  return (await redis.keys(`*${queue}*`)).filter((key) => !/^qctl:(\{|run|lock)|^_kombu/.test(key));
}

test('what a real producer has enqueued arrives in the order in which workers would get it, and nothing stays behind', async () => {
  const { app, stream, of } = started();
  const file = new URL('../sources/celery/recorded.json', import.meta.url);
  const { envelopes } = JSON.parse(readFileSync(file, 'utf8')) as {
    envelopes: { list: string; raw: string }[];
  };
  for (const { list, raw } of envelopes) await app.redis.lpush(list.replace(/^celery/, app.queue), raw);
  const { report } = await drain(of());
  expect(report.problems).toEqual([]);
  expect(report).toMatchObject({
    converged: true,
    appended: envelopes.length - 2,
    scheduled: 2,
    remaining: 0,
  });
  const ready = envelopes.filter(({ raw }) => !raw.includes('"eta": "') && !raw.includes('34fbb87a'));
  const served = [
    ...ready.filter(({ list }) => list === 'celery'),
    ...ready.filter(({ list }) => list !== 'celery'),
  ];
  const entries = await entriesOf(stream);
  expect(entries.map((entry) => entry.text('id'))).toEqual(
    served.map(({ raw }) => JSON.parse(raw).properties.delivery_tag),
  );
  expect(entries[0]!.text('type')).toBe('reports.generate');
  expect(entries[0]!.text('attr.task_id')).toBe('0d6a1f04-6d3c-4a2f-9f7b-0c9b1d6b6a01');
  expect(entries.at(-1)!.text('priority')).toBe('6');
  expect(await leftOf(app)).toEqual([]);
});

test('a queue larger than one unit goes over in order, in several appends', async () => {
  const { app, stream, of } = started();
  const tags = await app.send(Array.from({ length: 4500 }, (_, i) => ({ args: [i] })));
  const { report } = await drain(of({ settings: { batch: 700 } }));
  expect(report).toMatchObject({ converged: true, appended: 4500, settled: 4500 });
  expect((await entriesOf(stream)).map((entry) => entry.text('id'))).toEqual(tags);
});

test('a limit takes the oldest of the highest priority, and leaves the rest as it stood', async () => {
  const { app, stream, of } = started();
  const tasks: Task[] = [0, 9, 3, 0, 9, 3].map((priority) => ({ priority }));
  const tags = await app.send(tasks);
  const { report } = await drain(of({ settings: { limit: 3 } }));
  expect(report).toMatchObject({ converged: true, appended: 3, remaining: 3 });
  expect((await entriesOf(stream)).map((entry) => entry.text('id'))).toEqual([tags[0], tags[3], tags[2]]);
  expect(await app.redis.llen(listOf(app.queue, 3))).toBe(1);
  expect(await app.redis.llen(listOf(app.queue, 9))).toBe(2);
});

test('what no producer of Celery wrote is set aside whole, and the rest goes on', async () => {
  const { app, of } = started();
  await app.send([{}]);
  await app.redis.lpush(app.queue, 'not an envelope', Buffer.from([0xff, 0, 1]));
  await app.send([{}]);
  const { report } = await drain(of());
  expect(report).toMatchObject({ appended: 2, quarantined: 2, settled: 4, remaining: 0, converged: false });
  const aside = await entriesOf(report.quarantineStreams[0]!);
  expect(aside.map((entry) => entry.text('reason'))).toEqual([
    'it is no JSON object, as kombu writes one for each message',
    'it is no JSON object, as kombu writes one for each message',
  ]);
  expect(aside[1]!.get('body')).toEqual(Buffer.from([0xff, 0, 1]));
});

test('--types takes two tasks out of the middle; the others stay in their places', async () => {
  const { app, stream, of } = started();
  const names = ['a', 'b', 'c'];
  const tasks = Array.from({ length: 1300 }, (_, i) => ({ task: names[i % 3] }));
  const tags = await app.send(tasks);
  const before = await app.redis.lrange(app.queue, 0, -1);
  const celery = { url: sharedRedisUrl(), queue: app.queue, types: ['a', 'c'] };
  const dry = await plan(of({ celery }));
  expect(dry.depth).toMatchObject({ ready: 867, unmatched: 433 });
  expect(dry.selects).toEqual(['type a, c']);
  const { report } = await drain(of({ celery, settings: { batch: 100 } }));
  expect(report).toMatchObject({ converged: true, appended: 867, unmatched: 433, remaining: 0 });
  expect((await entriesOf(stream)).map((entry) => entry.text('id'))).toEqual(
    tags.filter((_, i) => i % 3 !== 1),
  );
  const after = await app.redis.lrange(app.queue, 0, -1);
  expect(after).toEqual(before.filter((raw) => raw.includes('"task": "b"')));
});

test('a filter looks into headers and arguments, and what it can say nothing of stays', async () => {
  const { app, of } = started();
  await app.send([{ args: ['eu'] }, { args: ['us'] }]);
  await app.redis.lpush(app.queue, 'junk');
  const celery = { url: sharedRedisUrl(), queue: app.queue, filter: "body[0][0] == 'eu'" };
  const { report } = await drain(of({ celery }));
  expect(report).toMatchObject({ appended: 1, unmatched: 1, remaining: 0, quarantined: 0 });
  expect(report.unevaluated).toMatchObject({ count: 1 });
  expect(await app.redis.llen(app.queue)).toBe(2);
});

test('a task with an eta waits beside the stream until it is due', async () => {
  const { app, stream, of } = started();
  await app.send([{ eta: '2031-05-17T06:30:00+00:00' }, {}]);
  expect((await plan(of())).findings).toContainEqual(expect.objectContaining({ code: 'SCHEDULED_MESSAGES' }));
  const { report } = await drain(of());
  expect(report).toMatchObject({ converged: true, appended: 1, scheduled: 1, waiting: 1 });
  expect(report.nextDueAt).toBe('2031-05-17T06:30:00.000Z');
  expect(await entriesOf(stream)).toHaveLength(1);
});

test('--follow goes on with what producers enqueue', async () => {
  const { app, stream, of } = started();
  await app.send([{}]);
  const stop = new AbortController();
  let sent = false;
  const { report } = await drain(
    of({
      signal: stop.signal,
      settings: { follow: true },
      onSnapshot: ({ appended }) => {
        if (appended === 1 && !sent) {
          sent = true;
          void app.redis.lpush(app.queue, envelope({ routingKey: app.queue }));
        }
        if (appended === 2) stop.abort();
      },
    }),
  );
  expect(report).toMatchObject({ ending: 'signal', appended: 2, settled: 2, converged: true });
  expect(await entriesOf(stream)).toHaveLength(2);
});

test('a boundary by time is refused: a message of Celery does not say when it was enqueued', async () => {
  const { of } = started();
  await expect(drain(of({ settings: { boundary: 'now' } }))).rejects.toMatchObject({
    code: 'BOUNDARY_OF_CELERY',
  });
});
