import { ChangeMessageVisibilityCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { QueueWaits } from '../../src/drain/queue-waits.ts';
import { sharedSqs, uniqueName } from '../support/shared.ts';
import { drain, entriesOf, failureOf } from './driver.ts';

const AT = Date.parse('2026-11-21T08:00:00Z');
const depth = (delayed: number, inFlight = 0) => ({ ready: 0, delayed, inFlight });

test('a queue says until when delayed messages are waited for: 15 minutes after the last was sent', () => {
  const waits = new QueueWaits();
  expect(waits.reason(depth(0), AT)).toBeNull();
  expect(waits.reason(depth(2), AT)).toContain('2 delayed by SQS, due by 08:15:00Z');
  expect(waits.reason(depth(1), AT + 60_000)).toContain('1 delayed by SQS, due by 08:15:00Z');
  expect(waits.reason(depth(3), AT + 120_000)).toContain('3 delayed by SQS, due by 08:17:00Z');
  expect(waits.reason(depth(0, 4), AT + 180_000)).toBe(
    '4 messages are delayed or in flight: 4 with another consumer or hidden until a retry, which takes 12 h at most',
  );
});

test('a message that an old consumer has hidden until its retry is waited for, and arrives once', async () => {
  const sqs = sharedSqs();
  const queueUrl = await sqs.createQueue(uniqueName('retry'));
  await sqs.send(queueUrl, ['now', 'retried']);
  const { Messages } = await sqs.client.send(
    new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 1 }),
  );
  const { ReceiptHandle, Body } = Messages![0]!;
  const hide = { QueueUrl: queueUrl, ReceiptHandle, VisibilityTimeout: 5 };
  await sqs.client.send(new ChangeMessageVisibilityCommand(hide));
  const stream = uniqueName('retry');
  const { report, waits } = await drain({ queueUrl, endpoint: sqs.endpoint, target: { stream } });
  expect(waits.join()).toContain('hidden until a retry');
  expect(report).toMatchObject({ converged: true, appended: 2, settled: 2 });
  expect((await entriesOf(stream)).at(-1)!.text('body')).toBe(Body);
});

test('a queue with delayed messages is refused with their count where the operator says so', async () => {
  const sqs = sharedSqs();
  const queueUrl = await sqs.createQueue(uniqueName('refused'));
  await sqs.send(queueUrl, [{ body: 'later', delaySeconds: 60 }, { body: 'later', delaySeconds: 60 }, 'now']);
  const settings = { refuseScheduled: true };
  const target = { stream: uniqueName('refused') };
  const refusal = await failureOf(drain({ queueUrl, endpoint: sqs.endpoint, target, settings }));
  expect(refusal).toMatchObject({ kind: 'refused', code: 'SCHEDULED_MESSAGES' });
  expect(refusal.message).toContain('2 messages of the source are scheduled for later');
  expect(await sqs.depth(queueUrl)).toMatchObject({ visible: 1, delayed: 2 });
});
