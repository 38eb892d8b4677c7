import type { SqsAccess, TestMessage } from '../../test/support/sqs.ts';

/** One webhook as it was sent to the queue. */
export interface SentWebhook {
  id: string;
  body: string;
}

const EVENTS = ['payment.succeeded', 'payment.failed', 'invoice.created', 'customer.updated'];

/** Creates the queue and sends the webhooks; returns them with the ids that SQS gave them. */
export async function sendWebhooks(
  sqs: SqsAccess,
  queue: string,
  count: number,
): Promise<{ queueUrl: string; sent: SentWebhook[] }> {
  const queueUrl = await sqs.createQueue(queue);
  const messages = Array.from({ length: count }, (_, n) => webhook(n));
  const ids = await sqs.send(queueUrl, messages);
  return { queueUrl, sent: ids.map((id, n) => ({ id, body: messages[n]!.body })) };
}

function webhook(n: number): TestMessage {
  const event = EVENTS[n % EVENTS.length]!;
  const body = {
    id: `evt_${String(n).padStart(6, '0')}`,
    type: event,
    created: '2026-11-21T06:00:00Z',
    data: {
      customer: `cus_${(n * 31) % 997}`,
      amount: 100 + ((n * 17) % 90_000),
      note: 'Käufer bestätigt ✓',
    },
  };
  return {
    body: JSON.stringify(body),
    attributes: {
      event: { DataType: 'String', StringValue: event },
      attempt: { DataType: 'Number', StringValue: '1' },
      signature: { DataType: 'Binary', BinaryValue: Uint8Array.from([n & 255, 0, 255, 10]) },
    },
  };
}
