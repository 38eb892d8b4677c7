import { ListQueuesCommand } from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import type { SqsOptions } from '../../../src/backends/sqs/index.ts';
import { QctlError } from '../../../src/errors.ts';
import { ownQueueName } from '../../../src/load/targets/sqs/own-queue.ts';
import { openSqsTarget } from '../../../src/load/targets/sqs/target.ts';
import { doors } from '../../metrics/measuring.ts';
import { startTcpProxy } from '../../support/proxy.ts';
import { sharedSqs, uniqueName } from '../../support/shared.ts';
import { sqsFaultProxy, standingIn } from '../../support/sqs.ts';
import { waitFor } from '../../support/wait.ts';
import { awkwardBody, contents, outgoing, profile, runId, Told, takeAll, withTarget } from './driving.ts';

const { endpoint, client, createQueue, send, depth } = sharedSqs();
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

interface Asked {
  run?: string;
  raw?: Record<string, unknown>;
  options?: Partial<SqsOptions>;
}

/** A target as a profile asks for it; by default with a queue of its own. */
function open({ run = runId(), raw = {}, options = {} }: Asked = {}) {
  const asked = profile({
    consumers: { claimAfter: '1s' },
    ...raw,
    target: { kind: 'sqs', ...(raw.target as object) },
  });
  if (asked.target.kind !== 'sqs') throw new Error('another target');
  const queueUrl = `${endpoint}/000000000000/somebodys`;
  const sqs = async () => ({ queueUrl, endpoint, region: 'us-east-1', credentials, ...options });
  return openSqsTarget(asked, asked.target, run, doors({ sqs }));
}

async function queuesOf(run: string): Promise<string[]> {
  const { QueueUrls = [] } = await client.send(new ListQueuesCommand({ QueueNamePrefix: ownQueueName(run) }));
  return QueueUrls;
}

describe('SQS under load', () => {
  test('two hundred messages of all kinds arrive byte for byte, and nothing is left', async () => {
    const run = runId();
    const raw = { producers: { batch: 10, inFlight: 4 }, consumers: { claimAfter: '1m' } };
    await withTarget(open({ run, raw }), async (target) => {
      const told = new Told();
      const producer = await target.producer(0, told);
      const messages = outgoing(200, { body: awkwardBody });
      producer.send(messages.slice(0, 120));
      producer.send(messages.slice(120));
      expect(producer.open).toBe(200);
      const consumer = await target.consumer(0, 'one');
      const taken = await takeAll(consumer, 200);
      expect(contents(taken)).toEqual(contents(messages));
      expect(new Set(taken.map(({ attempt }) => attempt))).toEqual(new Set([1]));
      expect(told.begun.toSorted((a, b) => a - b)).toEqual(messages.map(({ seq }) => seq));
      expect(told.good.toSorted((a, b) => a - b)).toEqual(messages.map(({ seq }) => seq));
      expect(producer.open).toBe(0);
      expect(await target.sample()).toMatchObject({ length: 200, lag: 0, pending: 200, memoryBytes: null });
      await consumer.done(taken);
      expect(await target.sample()).toMatchObject({ length: 0, lag: 0, pending: 0 });
      expect(await queuesOf(run)).toHaveLength(1);
      await producer.close();
      await consumer.close();
    });
    expect(await queuesOf(run)).toEqual([]);
  });

  test('a message of no bytes arrives as one', async () => {
    await withTarget(open(), async (target) => {
      const producer = await target.producer(0, new Told());
      producer.send(outgoing(1, { body: () => Buffer.alloc(0) }));
      const [taken] = await takeAll(await target.consumer(0, 'one'), 1);
      expect(taken).toMatchObject({ id: 'run-0', body: Buffer.alloc(0) });
    });
  });

  test('what a killed consumer held comes back to another one, and a poll of it ends at once', async () => {
    await withTarget(open(), async (target) => {
      const producer = await target.producer(0, new Told());
      producer.send(outgoing(5));
      const dying = await target.consumer(0, 'dying');
      await takeAll(dying, 5);
      const waiting = dying.take(10, 20_000);
      dying.kill();
      await expect(waiting).rejects.toThrow(/has ended/);
      const again = await takeAll(await target.consumer(0, 'other'), 5);
      expect(contents(again)).toEqual(contents(outgoing(5)));
      expect(again.map(({ attempt }) => attempt)).toEqual([2, 2, 2, 2, 2]);
      await expect(dying.done(again)).rejects.toThrow(/has ended/);
    });
  });

  test('what is buried stands in the dead letters of the run, and goes with it', async () => {
    const run = runId();
    await withTarget(open({ run }), async (target) => {
      const producer = await target.producer(0, new Told());
      producer.send(outgoing(3, { body: awkwardBody }));
      const consumer = await target.consumer(0, 'one');
      const taken = await takeAll(consumer, 3);
      expect(await queuesOf(run)).toHaveLength(1);
      await consumer.bury(taken.slice(0, 2));
      const dead = (await queuesOf(run)).find((url) => url.endsWith('-dead'));
      const buried = await standingIn(endpoint, dead!);
      expect(buried.map(({ messageAttributes }) => messageAttributes['qctl-load-id']?.StringValue)).toEqual(
        taken.slice(0, 2).map(({ id }) => id),
      );
      expect((await target.sample()).length).toBe(1);
    });
    expect(await queuesOf(run)).toEqual([]);
  });

  test('a message that SQS does not take fails alone, whatever shares its call', async () => {
    await withTarget(open({ raw: { producers: { batch: 10 } } }), async (target) => {
      const told = new Told();
      const producer = await target.producer(0, told);
      producer.send(outgoing(3, { body: (seq) => Buffer.alloc(seq === 1 ? 2 * 1024 * 1024 : 10, 'x') }));
      await told.ended(3);
      expect(told.good).toEqual([0, 2]);
      expect(told.begun).toEqual([0, 2]);
      expect(told.bad).toEqual([
        [1, expect.stringMatching(/message run-1 has 2097\d+ bytes .* takes 1048576/)],
      ]);
    });
  });

  test('entries that SQS fails are told one by one, and a delete that it fails is one that is not known', async () => {
    const proxy = await sqsFaultProxy(endpoint, { sendFailureRate: 0.3 });
    try {
      await withTarget(
        open({ raw: { producers: { batch: 10 } }, options: { endpoint: proxy.endpoint } }),
        async (target) => {
          const told = new Told();
          const producer = await target.producer(0, told);
          producer.send(outgoing(100));
          await told.ended(100);
          expect(told.bad.length).toBe(proxy.stats.failedEntries);
          expect(told.bad.length).toBeGreaterThan(5);
          expect(told.bad[0]![1]).toMatch(/SQS has not taken the message: injected/);
          expect((await target.sample()).length).toBe(told.good.length);
          proxy.set({ deleteFailureRate: 1 });
          const consumer = await target.consumer(0, 'one');
          const taken = await takeAll(consumer, 1);
          await expect(consumer.done(taken)).rejects.toThrow(/SQS has not deleted 1 of 1 messages/);
          proxy.set({ deleteFailureRate: 0 });
          await consumer.done(taken);
        },
      );
    } finally {
      await proxy.stop();
    }
  });

  test('a FIFO queue keeps the order of each key, with many calls at a time', async () => {
    const run = runId();
    const raw = { target: { fifo: true }, producers: { batch: 3, inFlight: 10 } };
    await withTarget(open({ run, raw }), async (target) => {
      expect(target).toMatchObject({ name: `${ownQueueName(run)}.fifo`, ordered: true });
      const told = new Told();
      const producer = await target.producer(0, told);
      const key = (seq: number): string | null => (seq % 5 === 0 ? null : `key ${seq % 5}`);
      const messages = outgoing(120, { key });
      for (const message of messages) producer.send([message]);
      await told.ended(120);
      expect(told.bad).toEqual([]);
      const [queue] = await queuesOf(run);
      const ids = (await standingIn(endpoint, queue!)).map(
        ({ messageAttributes }) => messageAttributes['qctl-load-id']!.StringValue!,
      );
      for (const one of new Set(messages.map((message) => message.key))) {
        const ofKey = messages.filter((message) => message.key === one).map(({ id }) => id);
        expect(ids.filter((id) => ofKey.includes(id))).toEqual(ofKey);
      }
      expect(ids).toHaveLength(120);
    });
  });

  test('no second call of a FIFO group begins before the first was answered', async () => {
    const raw = { target: { fifo: true }, producers: { batch: 2, inFlight: 10 } };
    await withTarget(open({ raw }), async (target) => {
      const told = new Told();
      const producer = await target.producer(0, told);
      producer.send(outgoing(6));
      await told.ended(6);
      const calls = [0, 2, 4].map((at) => [at, at + 1]);
      expect(told.log).toEqual(
        calls.flatMap((of) => [...of.map((seq) => `sent ${seq}`), ...of.map((seq) => `confirmed ${seq}`)]),
      );
    });
  });

  test('the named queue itself is refused while anything is in it, and is never taken away', async () => {
    const queueUrl = await createQueue(uniqueName());
    await send(queueUrl, [{ body: 'somebodys', delaySeconds: 900 }]);
    const options = { queueUrl };
    const use = (more = {}, rest = {}) =>
      open({ raw: { target: { useQueue: true, ...more }, ...rest }, options });
    const refused = await use();
    const error = await refused.prepare().catch((thrown) => thrown);
    expect(error).toMatchObject({ kind: 'refused', code: 'TARGET_NOT_EMPTY' });
    expect(error.message).toContain('0 visible, 0 in flight, 1 delayed');
    await refused.close();
    await withTarget(use({ allowNotEmpty: true }, { consumers: 0 }), async (target) => {
      expect(target).toMatchObject({ own: false, name: queueUrl.split('/').at(-1) });
    });
    expect((await depth(queueUrl)).total).toBe(1);
  });

  test('an empty queue is used as it is, and messages of others are told from those of the run', async () => {
    const queueUrl = await createQueue(uniqueName());
    const raw = { target: { useQueue: true } };
    await withTarget(open({ raw, options: { queueUrl } }), async (target) => {
      const [messageId] = await send(queueUrl, ['somebodys']);
      const [taken] = await takeAll(await target.consumer(0, 'one'), 1);
      expect(taken).toMatchObject({ id: messageId, body: Buffer.from('somebodys') });
    });
  });

  test('a run of any name has a queue that SQS takes', async () => {
    const run = `Orders.v2 ${'x'.repeat(80)}${runId()}`;
    await withTarget(open({ run, raw: { target: { fifo: true } } }), async (target) => {
      expect(target.name).toMatch(/^qctl-load-[\w-]+-4f2a\.fifo$/);
      expect(target.name).toHaveLength(80);
      expect((await target.sample()).length).toBe(0);
    });
  });

  test('without the name of a queue, region and endpoint of the environment are enough', async () => {
    const asked = profile({ target: { kind: 'sqs' } });
    const missing = () =>
      Promise.reject(new QctlError('config', 'no queue is named', { code: 'SQS_MISSING', hint: [] }));
    const env = { AWS_ENDPOINT_URL_SQS: endpoint, AWS_REGION: 'eu-west-1' };
    const named = doors({ sqs: missing, env });
    const target = await openSqsTarget(asked, asked.target as never, runId(), named);
    expect(target.label).toBe(endpoint);
    await target.close();
    const used = { ...asked.target, useQueue: true } as never;
    await expect(openSqsTarget(asked, used, runId(), named)).rejects.toThrow('no queue is named');
  });

  test('after a cut both sides go on by themselves; what was on its way has failed', async () => {
    const proxy = await startTcpProxy(Number(new URL(endpoint).port));
    try {
      const options = { endpoint: `http://127.0.0.1:${proxy.port}` };
      await withTarget(open({ raw: { producers: { inFlight: 2 } }, options }), async (target) => {
        const told = new Told();
        const producer = await target.producer(0, told);
        const consumer = await target.consumer(0, 'one');
        producer.send(outgoing(1));
        await consumer.done(await takeAll(consumer, 1));
        const poll = consumer.take(10, 20_000);
        proxy.setBlocked('hold');
        producer.send(outgoing(20, { from: 1 }));
        await waitFor(() => told.begun.length === 3);
        producer.cut();
        consumer.cut();
        await expect(poll).rejects.toMatchObject({ kind: 'target' });
        await told.ended(3);
        expect(told.lost.toSorted()).toEqual([1, 2]);
        proxy.setBlocked(false);
        await told.ended(21);
        expect(told.good.length).toBe(19);
        const taken = await takeAll(consumer, 18);
        expect(taken.length).toBeGreaterThanOrEqual(18);
        await producer.close();
        await consumer.close();
      });
    } finally {
      await proxy.stop();
    }
  });

  test('a server that is away fails all messages soon, and those that come when it is back arrive', async () => {
    const proxy = await startTcpProxy(Number(new URL(endpoint).port));
    try {
      const options = { endpoint: `http://127.0.0.1:${proxy.port}` };
      await withTarget(open({ raw: { producers: { inFlight: 2 } }, options }), async (target) => {
        const told = new Told();
        const producer = await target.producer(0, told);
        proxy.setBlocked('refuse');
        producer.send(outgoing(50));
        await told.ended(50);
        expect(told.lost.length).toBe(50);
        // Two at a time, in a handful of tries.
        expect(told.begun.length).toBeLessThanOrEqual(12);
        proxy.setBlocked(false);
        producer.send(outgoing(5, { from: 50 }));
        await told.ended(55);
        // Two calls at a time may be answered in any order.
        expect(told.good.toSorted((a, b) => a - b)).toEqual([50, 51, 52, 53, 54]);
      });
    } finally {
      await proxy.stop();
    }
  });

  test('what is open when a producer is closed fails, and nothing is told afterwards', async () => {
    const proxy = await startTcpProxy(Number(new URL(endpoint).port));
    try {
      const options = { endpoint: `http://127.0.0.1:${proxy.port}` };
      await withTarget(open({ raw: { producers: { inFlight: 2 } }, options }), async (target) => {
        const told = new Told();
        const producer = await target.producer(0, told);
        proxy.setBlocked('hold');
        producer.send(outgoing(10));
        await waitFor(() => told.begun.length === 2);
        await producer.close();
        expect(told.lost).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        producer.send(outgoing(1, { from: 10 }));
        proxy.setBlocked(false);
        expect(producer.open).toBe(0);
        expect(told.good.length + told.bad.length).toBe(10);
      });
    } finally {
      await proxy.stop();
    }
  });
});
