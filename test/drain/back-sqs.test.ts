import { expect, test } from 'vitest';
import { sharedSqs, uniqueName } from '../support/shared.ts';
import type { TestMessage } from '../support/sqs.ts';
import { consume, fillStream, goBack, planBack, receiveAll } from './back-driver.ts';
import { drain, failureOf, withRedis } from './driver.ts';

const sqs = sharedSqs();

/** A queue that was filled and drained into a stream with a group. */
async function drainedQueue(messages: (string | TestMessage)[], fifo = false) {
  const url = await sqs.createQueue(uniqueName('q'), { fifo });
  const ids = await sqs.send(url, messages);
  const stream = uniqueName('webhooks');
  const { report } = await drain({
    queueUrl: url,
    endpoint: sqs.endpoint,
    target: { stream, createGroup: 'workers' },
  });
  expect(report.converged).toBe(true);
  return { url, ids, stream, queue: { url, endpoint: sqs.endpoint } };
}

/** An empty queue, and a stream of messages that could have come from it. */
async function filledStream(messages: Parameters<typeof fillStream>[1], fifo = false) {
  const url = await sqs.createQueue(uniqueName('q'), { fifo });
  const stream = uniqueName('webhooks');
  await fillStream(stream, messages);
  return { url, stream, queue: { url, endpoint: sqs.endpoint } };
}

const text = (StringValue: string) => ({ DataType: 'String', StringValue });

test('bodies, all kinds of attributes, and the trace header go back as they were, with what makes a message known', async () => {
  const attributes = {
    tenant: text('t1'),
    count: { DataType: 'Number.int', StringValue: '42' },
    icon: { DataType: 'Binary.png', BinaryValue: Buffer.from([0, 255, 10, 128]) },
  };
  const { ids, stream, url, queue } = await drainedQueue([
    { body: '{"ä":"€ 😀"}', attributes, traceHeader: 'Root=1-5759e988-bd862e3fe1be46a994272793' },
    { body: 'plain' },
  ]);
  const { plan, report } = await goBack({ source: { stream }, queue });
  expect(plan.promise).toMatch(/at least once/);
  expect(report).toMatchObject({
    converged: true,
    returned: 2,
    acknowledged: 2,
    guarantee: 'at-least-once',
    doubtful: 0,
  });
  const back = await receiveAll(sqs, url);
  expect(back.map(({ Body }) => Body)).toEqual(['{"ä":"€ 😀"}', 'plain']);
  const [first] = back;
  expect(first!.Attributes!.AWSTraceHeader).toBe('Root=1-5759e988-bd862e3fe1be46a994272793');
  expect(first!.MessageAttributes!.count).toMatchObject(attributes.count);
  expect(Buffer.from(first!.MessageAttributes!.icon!.BinaryValue!)).toEqual(attributes.icon.BinaryValue);
  expect(first!.MessageAttributes!['qctl.id']!.StringValue).toBe(ids[0]);
  expect(first!.MessageAttributes!['qctl.entry']!.StringValue).toMatch(new RegExp(`^${stream} \\d+-\\d+$`));
});

test('without marks a message has the attributes that it had, and no others', async () => {
  const { stream, url, queue } = await filledStream([
    { body: 'a', attributes: { tenant: { type: 'String', value: 't' } } },
    { body: 'b' },
  ]);
  await goBack({ source: { stream }, queue: { ...queue, marks: false } });
  const back = await receiveAll(sqs, url);
  expect(back.map(({ MessageAttributes = {} }) => Object.keys(MessageAttributes))).toEqual([['tenant'], []]);
});

test('ten attributes leave no room for marks: they go back as they were, and the report says so', async () => {
  const attributes = Object.fromEntries(
    Array.from({ length: 10 }, (_, i) => [`a${i}`, { type: 'String', value: String(i) }]),
  );
  const { stream, url, queue } = await filledStream([{ body: 'full', attributes }]);
  const { report } = await goBack({ source: { stream }, queue });
  expect(report.notes.join()).toMatch(/1 message had no room/);
  const [message] = await receiveAll(sqs, url);
  expect(Object.keys(message!.MessageAttributes!).sort()).toEqual(Object.keys(attributes).sort());
});

test('half consumed, and back: consumed and returned together are what there was, on FIFO in the order of each group', async () => {
  const messages = Array.from({ length: 120 }, (_, n) => ({ body: `message ${n}`, groupId: `g${n % 7}` }));
  const { stream, url, queue } = await drainedQueue(messages, true);
  const done = await consume(stream, { count: 40 });
  await withRedis((redis) => redis.xack(stream, 'workers', ...done.slice(0, 25).map(({ entry }) => entry)));
  const { report } = await goBack({ source: { stream }, queue });
  expect(report).toMatchObject({ converged: true, returned: 95, finished: 25 });
  const back = await receiveAll(sqs, url);
  const finished = done.slice(0, 25).map(({ fields }) => fields.body);
  expect([...finished, ...back.map(({ Body }) => Body)].sort()).toEqual(
    messages.map(({ body }) => body).sort(),
  );
  const last = new Map<string, number>();
  for (const { Body, Attributes } of back) {
    const n = Number(Body!.slice(8));
    const group = Attributes!.MessageGroupId!;
    expect(group).toBe(`g${n % 7}`);
    expect(last.get(group) ?? -1).toBeLessThan(n);
    last.set(group, n);
  }
});

test('what SQS does not take stays pending with its reason; on FIFO what stands behind it in its group stays as well', async () => {
  const { stream, url, queue } = await filledStream(
    ['a1', 'b1', 'a2', 'b2'].map((body) => ({ body, key: body[0] })),
    true,
  );
  await withRedis(async (redis) => {
    await redis.xadd(stream, '*', 'id', 'x1', 'body', 'bad\u0001', 'key', 'a', 'run', 'r');
    await redis.xadd(stream, '*', 'id', 'x2', 'body', 'behind', 'key', 'a', 'run', 'r');
    await redis.xadd(stream, '*', 'id', 'x3', 'body', 'other', 'key', 'b', 'run', 'r');
  });
  const { report } = await goBack({ source: { stream }, queue });
  expect(report).toMatchObject({ converged: false, returned: 5, left: 2, state: 'stopped' });
  expect(report.leftEntries.map(({ reason }) => reason)).toEqual([
    expect.stringMatching(/control characters/),
    expect.stringMatching(/stands behind/),
  ]);
  expect((await receiveAll(sqs, url)).map(({ Body }) => Body).sort()).toEqual([
    'a1',
    'a2',
    'b1',
    'b2',
    'other',
  ]);
  await withRedis(async (redis) => expect((await redis.xpending(stream, 'workers'))[0]).toBe(2));
});

test('a message that is not due goes back with a delay, one that SQS cannot delay so long stays, or is sent earlier', async () => {
  const { stream, url, queue } = await filledStream([{ body: 'now' }]);
  const at = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
  await withRedis(async (redis) => {
    await redis.xadd(stream, '*', 'id', 'soon', 'body', 'soon', 'notBefore', at(600));
    await redis.xadd(stream, '*', 'id', 'late', 'body', 'late', 'notBefore', at(7200));
  });
  const { report } = await goBack({ source: { stream }, queue });
  expect(report).toMatchObject({ returned: 2, left: 1 });
  expect(report.leftEntries[0]!.reason).toMatch(/900 s/);
  expect(await sqs.depth(url)).toMatchObject({ visible: 1, delayed: 1 });
  const clipped = await goBack({ source: { stream }, queue: { ...queue, clipDelay: true } });
  expect(clipped.report).toMatchObject({ converged: true, returned: 3, left: 0 });
  expect(clipped.report.notes.join()).toMatch(/before its time/);
  expect(await sqs.depth(url)).toMatchObject({ visible: 1, delayed: 2 });
});

test('entries of another shape are refused, or go back with a field as the body and the others as attributes, or whole', async () => {
  const { stream, url, queue } = await filledStream([]);
  await withRedis(async (redis) => {
    await redis.xadd(stream, '*', 'payload', '{"n":1}', 'tenant', 't1');
  });
  expect(await failureOf(goBack({ source: { stream }, queue }))).toMatchObject({
    code: 'NOTHING_RECOGNISED',
  });
  const { report } = await goBack({ source: { stream }, queue, settings: { other: { body: 'payload' } } });
  expect(report).toMatchObject({ converged: true, returned: 1 });
  await withRedis((redis) => redis.xadd(stream, '*', 'payload', '{"n":2}', 'tenant', 't2'));
  await goBack({ source: { stream }, queue, settings: { other: { whole: true } } });
  const [first, second] = await receiveAll(sqs, url);
  expect(first!.Body).toBe('{"n":1}');
  expect(first!.MessageAttributes!.tenant!.StringValue).toBe('t1');
  expect(JSON.parse(second!.Body!)).toEqual({ payload: '{"n":2}', tenant: 't2' });
});

test('large bodies go in batches that SQS takes', async () => {
  const bodies = Array.from({ length: 12 }, (_, n) => `${n}`.padEnd(n % 3 === 0 ? 200_000 : 90_000, 'x'));
  const { stream, url, queue } = await filledStream(bodies.map((body) => ({ body })));
  const { report } = await goBack({ source: { stream }, queue });
  expect(report).toMatchObject({ converged: true, returned: 12 });
  expect((await receiveAll(sqs, url)).map(({ Body }) => Body!).sort()).toEqual([...bodies].sort());
});

test('a wrong group, a missing stream, an empty one, consumers at work', async () => {
  const { stream, queue } = await filledStream([{ body: 'a' }, { body: 'b' }, { body: 'c' }]);
  expect(await failureOf(planBack({ source: { stream, group: 'werkers' }, queue }))).toMatchObject({
    code: 'GROUP_MISSING',
  });
  expect(await failureOf(planBack({ source: { stream: `${stream}x` }, queue }))).toMatchObject({
    code: 'STREAM_MISSING',
  });
  await consume(stream, { count: 1, consumer: 'busy-one' });
  const active = { activeWithinMs: 60_000 };
  const failure = await failureOf(goBack({ source: { stream }, queue, settings: active }));
  expect(failure).toMatchObject({ kind: 'refused', code: 'CONSUMERS_ACTIVE' });
  expect(failure.message).toMatch(/busy-one/);
  const { report } = await goBack({ source: { stream }, queue, settings: { ...active, allowActive: true } });
  expect(report).toMatchObject({ converged: true, returned: 3 });
  const empty = await goBack({ source: { stream }, queue });
  expect(empty.report).toMatchObject({ converged: true, returned: 0 });
});
