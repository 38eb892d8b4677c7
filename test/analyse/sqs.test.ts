import { describe, expect, test } from 'vitest';
import type { SqsSourceFacts } from '../../src/analyse/sqs/facts.ts';
import { waitFor } from '../support/wait.ts';
import { analysed, found } from './driver.ts';
import { misbehaving, queueOf, queueWithDeadLetters, redriveTo } from './sqs-queue.ts';

const factsOf = async (given: Parameters<typeof analysed>[0]): Promise<SqsSourceFacts> =>
  (await analysed(given)).moves[0]!.source as SqsSourceFacts;

describe.concurrent('an SQS queue', () => {
  test('in an ordinary state is ready: no blocker, no warning', async () => {
    const { queue } = await queueWithDeadLetters(['a', 'b']);
    const analysis = await analysed(queue.of());
    expect(analysis).toMatchObject({ verdict: 'ready', blockers: 0, warnings: 0 });
    expect(analysis.findings.map(({ code }) => code)).toEqual(['SIZES_UNKNOWN']);
    expect(analysis.moves[0]!.notCarried.join(' ')).toContain('The limit of 5 receives');
  });

  test('that is empty has nothing to say about sizes', async () => {
    const { queue } = await queueWithDeadLetters();
    expect((await analysed(queue.of())).findings).toEqual([]);
  });

  test('tells what it is', async () => {
    const queue = await queueOf(['a', 'b', { body: 'later', delaySeconds: 600 }], {
      attributes: {
        VisibilityTimeout: '45',
        MessageRetentionPeriod: '86400',
        ReceiveMessageWaitTimeSeconds: '7',
        MaximumMessageSize: '262144',
        SqsManagedSseEnabled: 'true',
      },
    });
    await queue.receive();
    await queue.send(['c']);
    expect(await factsOf(queue.of())).toEqual({
      kind: 'sqs',
      label: queue.queueUrl,
      arn: queue.arn,
      type: 'standard',
      contentBasedDeduplication: false,
      highThroughput: null,
      visible: 1,
      inFlight: 2,
      delayed: 1,
      inFlightLimit: 120_000,
      trend: null,
      retentionMs: 86_400_000,
      visibilityTimeoutMs: 45_000,
      delayMs: 0,
      receiveWaitMs: 7000,
      maximumMessageBytes: 262_144,
      maxReceiveCount: null,
      deadLetters: null,
      deadLettersOf: [],
      encryption: 'sqs',
      kmsKey: null,
      createdAt: expect.stringMatching(/^20/),
      roundTripMs: expect.any(Number),
      mayReceive: null,
      mayDelete: true,
      mayChangeVisibility: true,
      maySend: true,
      sample: null,
    });
  });

  test('is as it was: nothing received, sent, changed or hidden', async () => {
    const queue = await queueOf(Array.from({ length: 25 }, (_, n) => `message ${n}`));
    const before = await queue.standing();
    const proxy = await misbehaving({});
    await analysed({ ...queue.of(proxy.endpoint), observeMs: 50 });
    expect(await queue.standing()).toEqual(before);
    expect(await queue.depth()).toEqual({ visible: 25, inFlight: 0, delayed: 0, total: 25 });
    // The three that would change something are refused for what they say: nobody's receipt handle, no entries.
    expect(Object.keys(proxy.stats.calls).sort()).toEqual([
      'ChangeMessageVisibility',
      'DeleteMessage',
      'GetQueueAttributes',
      'ListDeadLetterSourceQueues',
      'SendMessageBatch',
    ]);
  });

  test('that may not be looked at fails and says what is missing', async () => {
    const queue = await queueOf();
    const proxy = await misbehaving({ denied: ['GetQueueAttributes'] });
    await expect(analysed(queue.of(proxy.endpoint))).rejects.toMatchObject({
      kind: 'auth',
      code: 'SQS_DENIED',
    });
  });

  test('from which nothing may be deleted is refused, until that is allowed', async () => {
    const queue = await queueOf();
    const proxy = await misbehaving({ denied: ['DeleteMessage'] });
    const given = queue.of(proxy.endpoint);
    expect(await found(given, 'MISSING_RIGHT')).toMatchObject([
      {
        level: 'blocker',
        what: 'SQS refuses sqs:DeleteMessage',
        remedy: expect.stringContaining('sqs:DeleteMessage'),
      },
    ]);
    expect(await factsOf(given)).toMatchObject({ mayDelete: false, mayChangeVisibility: true });
    proxy.set({ denied: [] });
    expect(await found(given, 'MISSING_RIGHT')).toEqual([]);
  });

  test('to which nothing may be sent has no way back, until that is allowed', async () => {
    const queue = await queueOf();
    const proxy = await misbehaving({ denied: ['SendMessage', 'SendMessageBatch'] });
    const given = queue.of(proxy.endpoint);
    const [finding] = await found(given, 'NO_WAY_BACK');
    expect(finding).toMatchObject({ level: 'warning' });
    expect(finding!.remedy).toContain(`allow sqs:SendMessage on ${queue.arn}`);
    expect(await factsOf(given)).toMatchObject({ maySend: false });
    proxy.set({ denied: [] });
    expect(await found(given, 'NO_WAY_BACK')).toEqual([]);
  });

  test('of which few receives make a dead letter is warned of, until there are more', async () => {
    const { queue, letters } = await queueWithDeadLetters([], 2);
    const [finding] = await found(queue.of(), 'LOW_MAX_RECEIVE_COUNT');
    expect(finding).toMatchObject({
      level: 'warning',
      remedy: expect.stringContaining('raise maxReceiveCount'),
    });
    await queue.set(redriveTo(letters, 10));
    expect(await found(queue.of(), 'LOW_MAX_RECEIVE_COUNT')).toEqual([]);
  });

  test('with a consumer at work is noted, until that one is done', async () => {
    const queue = await queueOf(['a', 'b', 'c']);
    const handed = await queue.receive();
    expect(await found(queue.of(), 'OTHER_CONSUMERS')).toMatchObject([
      { level: 'note', what: expect.stringContaining('3 messages are in flight') },
    ]);
    await queue.delete(handed);
    expect(await found(queue.of(), 'OTHER_CONSUMERS')).toEqual([]);
  });

  test('drained with a short visibility is warned of, until it is longer', async () => {
    const queue = await queueOf();
    const [finding] = await found({ ...queue.of(), settings: { visibilityMs: 1000 } }, 'SHORT_VISIBILITY');
    expect(finding).toMatchObject({ level: 'warning', remedy: '--visibility 30s, or longer' });
    expect(await found({ ...queue.of(), settings: { visibilityMs: 30_000 } }, 'SHORT_VISIBILITY')).toEqual(
      [],
    );
  });

  test('that delays is noted, until it does not and nothing is delayed', async () => {
    const queue = await queueOf(['later'], { attributes: { DelaySeconds: '1' } });
    const [finding] = await found(queue.of(), 'DELAY_QUEUE');
    expect(finding!.what).toContain('the queue delays every message by 1 s');
    expect(finding!.remedy).toContain(`--queue-url ${queue.queueUrl} --attributes '{"DelaySeconds":"0"}'`);
    await queue.set({ DelaySeconds: '0' });
    await waitFor(async () => (await found(queue.of(), 'DELAY_QUEUE')).length === 0);
  });

  test('with a message that is delayed says until when that may last', async () => {
    const queue = await queueOf([{ body: 'later', delaySeconds: 600 }]);
    expect(await found(queue.of(), 'DELAY_QUEUE')).toMatchObject([
      { level: 'note', what: expect.stringContaining('1 message is delayed now') },
    ]);
  });

  test('near the limit of messages in flight is warned of, until they are back', async () => {
    const queue = await queueOf();
    const proxy = await misbehaving({
      says: { ApproximateNumberOfMessagesNotVisible: '96000' },
    });
    const given = queue.of(proxy.endpoint);
    expect(await found(given, 'IN_FLIGHT_NEAR_LIMIT')).toMatchObject([
      { level: 'warning', what: expect.stringContaining('96000 messages are in flight') },
    ]);
    proxy.set({ says: { ApproximateNumberOfMessagesNotVisible: '95999' } });
    expect(await found(given, 'IN_FLIGHT_NEAR_LIMIT')).toEqual([]);
  });

  test('that is encrypted by KMS is noted, until a sample has shown that it can be read', async () => {
    const queue = await queueOf(['a', 'b'], { attributes: { KmsMasterKeyId: 'alias/orders' } });
    const proxy = await misbehaving({ kmsDenied: true });
    const given = { ...queue.of(proxy.endpoint), sample: 1 };
    const [finding] = await found(queue.of(), 'ENCRYPTED_BY_KMS');
    expect(finding).toMatchObject({ level: 'note', remedy: expect.stringContaining('--sample 1') });
    expect(await factsOf(queue.of())).toMatchObject({ encryption: 'kms', kmsKey: 'alias/orders' });
    expect(await found(given, 'MISSING_RIGHT')).toMatchObject([{ what: 'SQS refuses kms:Decrypt' }]);
    proxy.set({ kmsDenied: false });
    expect(await found(given, 'MISSING_RIGHT')).toEqual([]);
    expect(await found(given, 'ENCRYPTED_BY_KMS')).toEqual([]);
  });
});

describe.concurrent('a FIFO queue', () => {
  test('tells its limits, until it has high throughput', async () => {
    const queue = await queueOf(['a'], { fifo: true, attributes: { ContentBasedDeduplication: 'true' } });
    const [finding] = await found(queue.of(), 'FIFO_LIMIT');
    expect(finding).toMatchObject({ level: 'note', what: expect.stringContaining('300 calls a second') });
    expect(await factsOf(queue.of())).toMatchObject({
      type: 'fifo',
      highThroughput: false,
      contentBasedDeduplication: true,
    });
    const [, attributes] = /--attributes '(.*)'/.exec(finding!.remedy!)!;
    await queue.set(JSON.parse(attributes!));
    expect(await found(queue.of(), 'FIFO_LIMIT')).toEqual([]);
    expect(await factsOf(queue.of())).toMatchObject({ highThroughput: true });
  });
});

describe.concurrent('a queue of which only some messages are wanted', () => {
  const selection = { type: 'body.kind', types: ['refund'] };

  test('is refused where those that stay become dead letters, until they do not', async () => {
    const { queue, letters } = await queueWithDeadLetters([], 2);
    const given = { ...queue.of(), selection };
    expect(await found(given, 'RECEIVE_COUNT')).toMatchObject([
      { level: 'blocker', remedy: expect.stringContaining('--allow-receive-count') },
    ]);
    expect(await found({ ...given, settings: { allowReceiveCount: true } }, 'RECEIVE_COUNT')).toMatchObject([
      { level: 'warning' },
    ]);
    await queue.set(redriveTo(letters, 10));
    expect(await found(given, 'RECEIVE_COUNT')).toMatchObject([{ level: 'warning' }]);
    expect(await found(queue.of(), 'RECEIVE_COUNT')).toEqual([]);
  });

  test('and that is FIFO says what a message that stays does to its group', async () => {
    const queue = await queueOf([], { fifo: true });
    expect(await found({ ...queue.of(), selection }, 'GROUPS_BLOCKED')).toMatchObject([{ level: 'note' }]);
    expect(await found(queue.of(), 'GROUPS_BLOCKED')).toEqual([]);
  });

  test('and that holds more than can be passed over is warned of, until all are wanted', async () => {
    const queue = await queueOf();
    const proxy = await misbehaving({ says: { ApproximateNumberOfMessages: '100001' } });
    const given = queue.of(proxy.endpoint);
    expect(await found({ ...given, selection }, 'MANY_MESSAGES')).toMatchObject([
      { level: 'warning', remedy: expect.stringContaining('drain more types at once') },
    ]);
    expect(await found(given, 'MANY_MESSAGES')).toEqual([]);
  });
});

describe.concurrent('a queue that is observed', () => {
  /** Sends for as long as an analysis lasts. */
  async function whileSendingTo<T>(
    queue: { sendOne(body: string): Promise<unknown> },
    work: () => Promise<T>,
  ) {
    let over = false;
    const sending = (async () => {
      while (!over) await queue.sendOne('one more');
    })();
    try {
      return await work();
    } finally {
      over = true;
      await sending;
    }
  }

  test('and grows is warned of, until its producers have stopped', async () => {
    const queue = await queueOf();
    const given = { ...queue.of(), observeMs: 100 };
    const analysis = await whileSendingTo(queue, () => analysed(given));
    expect(analysis.findings.filter(({ code }) => code === 'GROWING')).toMatchObject([
      { level: 'warning', remedy: expect.stringContaining('--follow') },
    ]);
    const { trend } = analysis.moves[0]!.source as SqsSourceFacts;
    expect(trend!.visiblePerSecond).toBeGreaterThan(0);
    expect(trend!.observedMs).toBeGreaterThanOrEqual(100);
    const followed = { ...given, settings: { follow: true } };
    expect(await whileSendingTo(queue, () => found(followed, 'GROWING'))).toMatchObject([{ level: 'note' }]);
    expect(await found(given, 'GROWING')).toEqual([]);
    expect(await factsOf(given)).toMatchObject({
      trend: { visiblePerSecond: 0, deadLettersPerSecond: null },
    });
  });

  test('while its dead letters grow is warned of, until they do not', async () => {
    const { queue, letters } = await queueWithDeadLetters();
    const given = { ...queue.of(), observeMs: 100 };
    expect(await whileSendingTo(letters, () => found(given, 'DEAD_LETTERS_GROW'))).toMatchObject([
      { level: 'warning', what: expect.stringContaining(letters.arn) },
    ]);
    expect(await found(given, 'DEAD_LETTERS_GROW')).toEqual([]);
    expect(await factsOf(given)).toMatchObject({ trend: { deadLettersPerSecond: 0 } });
  });
});
