import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import { drain, partitionedEntries } from '../drain/driver.ts';
import { sharedSqs, uniqueName } from '../support/shared.ts';
import type { TestMessage } from '../support/sqs.ts';
import { allBytes, SIZES, TEXTS, textOfSize } from './payloads.ts';

const CASES = [false, true].flatMap((fifo) =>
  [1, 4].map((partitions) => ({ fifo, kind: fifo ? 'fifo' : 'standard', partitions })),
);

/** Sends, drains, and returns the entries in the order of the messages. */
async function carried(messages: TestMessage[], { fifo, partitions }: { fifo: boolean; partitions: number }) {
  const sqs = sharedSqs();
  const stream = uniqueName('contract');
  const queueUrl = await sqs.createQueue(uniqueName('contract'), { fifo });
  const ids = await sqs.send(queueUrl, messages);
  const { report } = await drain({ queueUrl, endpoint: sqs.endpoint, target: { stream, partitions } });
  expect(report).toMatchObject({ converged: true, problems: [], appended: messages.length });
  expect((await sqs.depth(queueUrl)).total).toBe(0);
  const entries = await partitionedEntries(stream, partitions);
  expect(entries).toHaveLength(messages.length);
  const byId = new Map(entries.map((entry) => [entry.text('id'), entry]));
  return { report, queueUrl, ids, entries: ids.map((id) => byId.get(id)!) };
}

/** SQS takes these control characters and no others, and no empty body. */
const SENDABLE = TEXTS.filter(([, body]) => body !== '' && !/[^\t\n\r\x20-\u{10ffff}]/u.test(body));

describe.concurrent.each(CASES)('sqs $kind, $partitions partitions', (how) => {
  test('bodies of every kind arrive byte for byte', async () => {
    const { entries } = await carried(
      SENDABLE.map(([, body]) => ({ body })),
      how,
    );
    expect(SENDABLE.length).toBeGreaterThan(8);
    for (const [i, [name, body]] of SENDABLE.entries())
      expect([name, entries[i]!.text('body')]).toEqual([name, body]);
  });

  test('bodies up to 1 MB arrive byte for byte', async () => {
    const sizes = SIZES.filter((size) => size > 0);
    const sent: (typeof carried extends (...args: never) => Promise<infer R> ? R : never)[] = [];
    // One drain each: a batch of SendMessage holds 1 MiB at most.
    for (const part of [sizes.filter((size) => size < 300_000), [1_000_000]])
      sent.push(
        await carried(
          part.map((size) => ({ body: textOfSize(size) })),
          how,
        ),
      );
    const bodies = sent.flatMap(({ entries }) => entries.map((entry) => entry.text('body')));
    expect(bodies.map((body) => body!.length)).toEqual(sizes);
    expect(bodies.every((body, i) => body === textOfSize(sizes[i]!))).toBe(true);
  });

  test('attributes keep their bytes, and their type where it is not String', async () => {
    const { entries } = await carried(
      [
        {
          body: 'x',
          attributes: {
            text: { DataType: 'String', StringValue: 'naïve "😀"\n' },
            count: { DataType: 'Number', StringValue: '3.1400' },
            blob: { DataType: 'Binary', BinaryValue: allBytes() },
            picture: { DataType: 'Binary.png', BinaryValue: Buffer.from([0, 255]) },
            length: { DataType: 'Number.int', StringValue: '7' },
            'dotted.name-1_2': { DataType: 'String.custom', StringValue: 'v' },
          },
        },
      ],
      how,
    );
    const entry = entries[0]!;
    expect(entry.text('attr.text')).toBe('naïve "😀"\n');
    expect(entry.get('attrType.text')).toBeUndefined();
    expect(entry.text('attr.count')).toBe('3.1400');
    expect(entry.text('attrType.count')).toBe('Number');
    expect(entry.get('attr.blob')!.equals(allBytes())).toBe(true);
    expect(entry.text('attrType.blob')).toBe('Binary');
    expect(entry.get('attr.picture')).toEqual(Buffer.from([0, 255]));
    expect(entry.text('attrType.picture')).toBe('Binary.png');
    expect(entry.text('attr.length')).toBe('7');
    expect(entry.text('attrType.length')).toBe('Number.int');
    expect(entry.text('attr.dotted.name-1_2')).toBe('v');
    expect(entry.text('attrType.dotted.name-1_2')).toBe('String.custom');
  });

  test('what SQS itself says of a message arrives, in the order of the documentation', async () => {
    const before = Date.now();
    const message: TestMessage = {
      body: 'x',
      traceHeader: 'Root=1-5759e988-bd862e3fe1be46a994272793',
      attributes: { tenant: { DataType: 'String', StringValue: 't1' } },
    };
    if (how.fifo) Object.assign(message, { groupId: 'orders 7', deduplicationId: 'once-1' });
    const { entries, report, ids, queueUrl } = await carried([message], how);
    const entry = entries[0]!;
    const names = entry.fields.map(([name]) => name);
    const own = names.filter((name) => !name.startsWith('sys.'));
    expect(own).toEqual([
      'id',
      'body',
      ...(how.fifo ? ['key'] : []),
      'attempts',
      'enqueuedAt',
      'attr.tenant',
      'source',
      'run',
    ]);
    expect(names.slice(-2)).toEqual(['source', 'run']);
    expect(entry.text('id')).toBe(ids[0]);
    expect(entry.text('attempts')).toBe('1');
    expect(entry.text('source')).toBe(queueUrl.slice(queueUrl.lastIndexOf('/') + 1));
    expect(entry.text('run')).toBe(report.run);
    expect(entry.text('sys.AWSTraceHeader')).toBe(message.traceHeader);
    const enqueued = entry.text('enqueuedAt')!;
    expect(new Date(enqueued).toISOString()).toBe(enqueued);
    expect(Date.parse(enqueued)).toBeGreaterThanOrEqual(before - 1000);
    expect(Date.parse(enqueued)).toBeLessThanOrEqual(Date.now() + 1000);
    if (!how.fifo) return;
    expect(entry.text('key')).toBe('orders 7');
    expect(entry.text('sys.MessageDeduplicationId')).toBe('once-1');
    expect(entry.text('sys.SequenceNumber')).toMatch(/^\d+$/);
  });
});

test.concurrent('the order inside each message group holds over receivers and partitions', async () => {
  const messages = Array.from({ length: 300 }, (_, i) => ({ body: String(i), groupId: `g${i % 7}` }));
  for (const partitions of [1, 3]) {
    const sqs = sharedSqs();
    const stream = uniqueName('order');
    const queueUrl = await sqs.createQueue(uniqueName('order'), { fifo: true });
    await sqs.send(queueUrl, messages);
    const { report } = await drain({
      queueUrl,
      endpoint: sqs.endpoint,
      target: { stream, partitions },
      settings: { workers: 8 },
    });
    expect(report.appended).toBe(300);
    const entries = await partitionedEntries(stream, partitions);
    for (let group = 0; group < 7; group += 1) {
      const seen = entries
        .filter((entry) => entry.text('key') === `g${group}`)
        .map((entry) => Number(entry.text('body')));
      expect(seen).toEqual([...seen].sort((a, b) => a - b));
      expect(seen.length).toBeGreaterThan(40);
    }
  }
});

test.concurrent('delayed messages are waited for, with the reason shown', async () => {
  const sqs = sharedSqs();
  const stream = uniqueName('delayed');
  const queueUrl = await sqs.createQueue(uniqueName('delayed'));
  await sqs.send(queueUrl, ['now', { body: 'later', delaySeconds: 3 }]);
  const { report, waits } = await drain({ queueUrl, endpoint: sqs.endpoint, target: { stream } });
  expect(report).toMatchObject({ appended: 2, converged: true });
  expect(waits.join()).toMatch(/1 message is delayed or in flight/);
  const { Attributes } = await sqs.client.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['All'] }),
  );
  expect(Attributes!.ApproximateNumberOfMessagesDelayed).toBe('0');
});
