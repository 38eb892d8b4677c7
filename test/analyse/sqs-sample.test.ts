import { describe, expect, test } from 'vitest';
import { type Analysis, analyse } from '../../src/analyse/index.ts';
import type { SqsSourceFacts } from '../../src/analyse/sqs/facts.ts';
import { lookAtSqs } from '../../src/analyse/sqs/look.ts';
import { DEFAULT_SETTINGS } from '../../src/drain/index.ts';
import type { SqsSelection } from '../../src/sources/sqs/index.ts';
import type { TestMessage } from '../support/sqs.ts';
import { waitFor } from '../support/wait.ts';
import { analysed, found } from './driver.ts';
import { misbehaving, queueOf, queueWithDeadLetters, redriveTo, type TestQueue } from './sqs-queue.ts';

const kindOf = (n: number): string => (n % 4 === 0 ? 'refund' : 'invoice');
const messages = (count: number): TestMessage[] =>
  Array.from({ length: count }, (_, n) => ({ body: JSON.stringify({ kind: kindOf(n), n }) }));
const ALL_BACK = (count: number) => ({ visible: count, inFlight: 0, delayed: 0, total: count });

const factsIn = (analysis: Analysis): SqsSourceFacts => analysis.moves[0]!.source as SqsSourceFacts;

/** The whole look, with what the forecast is made of. */
const lookAt = (queue: TestQueue, sample: number, selection: SqsSelection = {}, signal?: AbortSignal) =>
  lookAtSqs(
    {
      kind: 'sqs',
      name: 'queue',
      selection,
      connection: {
        ...queue.of().sqs,
        region: 'us-east-1',
        credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      },
    },
    DEFAULT_SETTINGS,
    { observeMs: 0, sample, signal },
  );

const receiveCounts = async (queue: TestQueue): Promise<number[]> =>
  ((await queue.standing()) as unknown as { approximateReceiveCount: number }[]).map(
    ({ approximateReceiveCount }) => approximateReceiveCount,
  );

describe.concurrent('a sample of an SQS queue', () => {
  test('is given back: nothing is missing, and each was received once', async () => {
    const queue = await queueOf(messages(35));
    const before = (await queue.standing()).map(({ messageId, body }) => ({ messageId, body }));
    const look = await lookAt(queue, 35);
    expect(look.facts.sample).toMatchObject({
      received: 35,
      wanted: 35,
      notGivenBack: 0,
      highestReceiveCount: 1,
    });
    expect(look.facts.mayReceive).toBe(true);
    expect(await queue.depth()).toEqual(ALL_BACK(35));
    const after = (await queue.standing()).map(({ messageId, body }) => ({ messageId, body }));
    expect(after).toHaveLength(35);
    expect(after).toEqual(expect.arrayContaining(before));
    expect(await receiveCounts(queue)).toEqual(Array.from({ length: 35 }, () => 1));
  });

  test('that is taken twice finds the same messages, with one receive more', async () => {
    const queue = await queueOf(messages(20));
    const ids = async () => {
      const { sample } = await lookAt(queue, 20);
      const all = sample.flatMap((batch) => batch.messages());
      return { ids: all.map(({ id }) => id).sort(), times: new Set(all.map(({ attempts }) => attempts)) };
    };
    const first = await ids();
    const second = await ids();
    expect(second.ids).toEqual(first.ids);
    expect([...first.times, ...second.times]).toEqual([1, 2]);
  });

  test('is of the size that was asked for', async () => {
    const queue = await queueOf(messages(45));
    const proxy = await misbehaving();
    const analysis = await analysed({ ...queue.of(proxy.endpoint), sample: 12 });
    expect(factsIn(analysis).sample).toMatchObject({ received: 12 });
    expect(proxy.stats.calls.ReceiveMessage).toBe(2);
    expect((await receiveCounts(queue)).filter((count) => count > 0)).toHaveLength(12);
    expect(await queue.depth()).toEqual(ALL_BACK(45));
  });

  test('tells types, sizes and the oldest', async () => {
    const queue = await queueOf(messages(40));
    const look = await lookAt(queue, 40, { type: 'body.kind' });
    expect(look.types).toMatchObject([
      { type: 'invoice', ready: { value: 30, how: 'sampled' }, attempts: 0 },
      { type: 'refund', ready: { value: 10, how: 'sampled' }, attempts: 0 },
    ]);
    expect(look.backlog).toEqual({ value: 40, how: 'reported' });
    expect(look.oldestAt).toMatch(/^20.*Z$/);
    expect(look.facts.sample).toMatchObject({ medianBytes: 25, largestBytes: 25 });
    const [message] = look.sample[0]!.messages();
    expect(message).toMatchObject({ attempts: 1, enqueuedAt: expect.any(String), type: expect.any(String) });
  });

  test('tells how many of the messages are wanted', async () => {
    const queue = await queueOf(messages(40));
    const look = await lookAt(queue, 40, { type: 'body.kind', types: ['refund'] });
    expect(look.backlog).toEqual({ value: 10, how: 'sampled' });
    expect(look.facts.sample).toMatchObject({ received: 40, wanted: 10 });
    expect(look.sample.flatMap((batch) => batch.messages()).map(({ type }) => type)).toEqual(
      Array.from({ length: 10 }, () => 'refund'),
    );
    expect(look.types!.map(({ type }) => type)).toEqual(['invoice', 'refund']);
  });

  test('of a FIFO queue keeps the order of its groups', async () => {
    const sent = Array.from({ length: 24 }, (_, n) => ({ body: `${n}`, groupId: `g${n % 3}` }));
    const queue = await queueOf(sent, { fifo: true });
    const before = (await queue.standing()).map(({ messageId }) => messageId);
    const look = await lookAt(queue, 20);
    expect(look.facts.sample!.groups).toBe(3);
    expect((await queue.standing()).map(({ messageId }) => messageId)).toEqual(before);
    expect(await queue.depth()).toEqual(ALL_BACK(24));
  });

  test('is not taken, and said to be missing, where none is asked for', async () => {
    const queue = await queueOf(messages(3));
    expect(await found(queue.of(), 'SIZES_UNKNOWN')).toMatchObject([
      { level: 'note', remedy: expect.stringContaining('qctl analyse --sample 100') },
    ]);
    expect(await found({ ...queue.of(), sample: 100 }, 'SIZES_UNKNOWN')).toEqual([]);
  });

  test('is refused where few receives make a dead letter, before anything is received', async () => {
    const { queue, letters } = await queueWithDeadLetters(messages(5), 2);
    await expect(analysed({ ...queue.of(), sample: 5 })).rejects.toMatchObject({
      kind: 'refused',
      code: 'SAMPLE_RECEIVE_COUNT',
      hint: [expect.stringContaining('raise maxReceiveCount to 3')],
    });
    expect(await receiveCounts(queue)).toEqual([0, 0, 0, 0, 0]);
    await queue.set(redriveTo(letters, 3));
    expect(factsIn(await analysed({ ...queue.of(), sample: 5 })).sample).toMatchObject({ received: 5 });
    expect((await letters.depth()).total).toBe(0);
  });

  test('ends where messages are one receive from the dead-letter queue; more receives put that right', async () => {
    const { queue, letters } = await queueWithDeadLetters(messages(40), 3);
    const given = { ...queue.of(), sample: 40 };
    expect(await found(given, 'NEAR_DEAD_LETTER')).toEqual([]);
    const analysis = await analysed(given);
    expect(analysis.findings.filter(({ code }) => code === 'NEAR_DEAD_LETTER')).toMatchObject([
      { level: 'warning', remedy: 'raise maxReceiveCount (3 now) for the time of the drain' },
    ]);
    expect(factsIn(analysis).sample).toMatchObject({ received: 10, highestReceiveCount: 2 });
    expect(await queue.depth()).toEqual(ALL_BACK(40));
    expect((await letters.depth()).total).toBe(0);
    await queue.set(redriveTo(letters, 10));
    expect(await found(given, 'NEAR_DEAD_LETTER')).toEqual([]);
  });

  test('shows bodies that are in S3, until they are sent whole', async () => {
    const pointer = { s3BucketName: 'big-bodies', s3Key: 'f3b1' };
    const queue = await queueOf([
      'small',
      {
        body: JSON.stringify(['software.amazon.payloadoffloading.PayloadS3Pointer', pointer]),
        attributes: { ExtendedPayloadSize: { DataType: 'Number', StringValue: '300000' } },
      },
      { body: JSON.stringify(['com.amazon.sqs.javamessaging.MessageS3Pointer', pointer]) },
    ]);
    const given = { ...queue.of(), sample: 10 };
    const [finding] = await found(given, 'LARGE_PAYLOADS');
    expect(finding).toMatchObject({ level: 'warning' });
    expect(finding!.what).toContain('2 of 3 sampled messages');
    expect(finding!.remedy).toContain('s3:GetObject on big-bodies');
    const pointers = (await queue.receive()).filter(({ Body }) => Body !== 'small');
    await queue.delete(pointers);
    await queue.send(pointers.map(() => 'x'.repeat(300_000)));
    expect(await found(given, 'LARGE_PAYLOADS')).toEqual([]);
  });

  test('that may not be received is a blocker, and the rest is told all the same', async () => {
    const queue = await queueOf(messages(3));
    const proxy = await misbehaving({ denied: ['ReceiveMessage'] });
    const analysis = await analysed({ ...queue.of(proxy.endpoint), sample: 3 });
    expect(analysis.findings).toContainEqual(
      expect.objectContaining({
        level: 'blocker',
        code: 'MISSING_RIGHT',
        what: 'SQS refuses sqs:ReceiveMessage',
      }),
    );
    expect(factsIn(analysis)).toMatchObject({ mayReceive: false, visible: 3 });
  });

  test('is not taken where messages could not be given back', async () => {
    const queue = await queueOf(messages(3));
    const proxy = await misbehaving({ denied: ['ChangeMessageVisibility'] });
    const analysis = await analysed({ ...queue.of(proxy.endpoint), sample: 3 });
    expect(analysis.findings.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['MISSING_RIGHT', 'SIZES_UNKNOWN']),
    );
    expect(proxy.stats.calls.ReceiveMessage).toBeUndefined();
    expect(await receiveCounts(queue)).toEqual([0, 0, 0]);
  });

  test('that could not be given back says so, until it can be', async () => {
    const queue = await queueOf(messages(8));
    const proxy = await misbehaving({ denied: ['ChangeMessageVisibilityBatch'] });
    const given = { ...queue.of(proxy.endpoint), sample: 4 };
    expect(await found(given, 'SAMPLE_NOT_GIVEN_BACK')).toMatchObject([
      { level: 'warning', what: expect.stringContaining('4 messages of the sample') },
    ]);
    expect(await queue.depth()).toMatchObject({ visible: 4, inFlight: 4 });
    proxy.set({ denied: [] });
    expect(await found(given, 'SAMPLE_NOT_GIVEN_BACK')).toEqual([]);
    expect(await queue.depth()).toMatchObject({ visible: 4, inFlight: 4 });
  });

  test('is given back where receiving fails in the middle', async () => {
    // Enough for thirty receives: some of them are still to come when the first has been seen.
    const queue = await queueOf(messages(300));
    const proxy = await misbehaving();
    const work = analysed({ ...queue.of(proxy.endpoint), sample: 300 });
    await waitFor(() => (proxy.stats.calls.ReceiveMessage ?? 0) > 0, { what: 'a receive' });
    proxy.set({ overLimitRate: 1 });
    await expect(work).rejects.toMatchObject({ kind: 'source' });
    expect(await queue.depth()).toEqual(ALL_BACK(300));
  });

  test('is given back where the operator stops it', async () => {
    const queue = await queueOf(messages(60));
    const stop = new AbortController();
    const work = lookAt(queue, 60, {}, stop.signal);
    const stopped = expect(work).rejects.toThrow('interrupted');
    await waitFor(async () => (await queue.depth()).inFlight > 0, { what: 'messages in flight' });
    stop.abort();
    await stopped;
    expect(await queue.depth()).toEqual(ALL_BACK(60));
  });
});

test('an observation ends where the operator stops it', async () => {
  const queue = await queueOf(messages(1));
  const stop = new AbortController();
  const proxy = await misbehaving();
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const source = {
    kind: 'sqs' as const,
    name: 'queue',
    connection: { ...queue.of(proxy.endpoint).sqs, region: 'us-east-1', credentials },
  };
  const move = { name: 'test', source, target: null, stream: null, settings: DEFAULT_SETTINGS };
  const work = analyse(
    { redis: null, moves: [move], observeMs: 600_000, sample: 0 },
    new Date(),
    stop.signal,
  );
  const stopped = expect(work).rejects.toThrow('interrupted');
  await waitFor(() => (proxy.stats.calls.ListDeadLetterSourceQueues ?? 0) > 0, { what: 'the look' });
  stop.abort();
  await stopped;
});
