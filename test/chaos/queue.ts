import { uniqueName } from '../support/shared.ts';
import type { SqsAccess } from '../support/sqs.ts';
import { MESSAGES, type Scenario } from './harness.ts';

/** A queue of 20,000 messages. */
export interface FilledQueue {
  url: string;
  ids: string[];
  left(): Promise<number>;
}

/** On a FIFO queue message n is number n of its group in the order of sending; the body says its number. */
export async function fillQueue(
  sqs: SqsAccess,
  name: string,
  {
    fifo = false,
    groups = 2000,
    messages = MESSAGES,
  }: { fifo?: boolean; groups?: number; messages?: number } = {},
): Promise<FilledQueue> {
  const url = await sqs.createQueue(name, { fifo });
  const numbers = Array.from({ length: messages }, (_, n) => n);
  const toMessage = (n: number) => ({
    body: `message ${n}`,
    groupId: fifo ? `group-${n % groups}` : undefined,
  });
  const ids = await sqs.fill(url, numbers.map(toMessage));
  const left = async () => (await sqs.depth(url)).total;
  return { url, ids, left };
}

/** Number of the message, as its body says. */
export function numberOf({ body }: { body: string }): number {
  return Number(body.slice(8));
}

/** Short times, because the messages of a killed process come back only after them. */
const QUICK = ['--visibility', '2s', '--wait', '1s', '--settle', '1s', '--workers', '16'];

/** A drain of such a queue. */
export function queueDrain(
  endpoint: string,
  queueUrl: string,
  redisUrl: string,
  target: Scenario['target'],
  flags: string[] = [],
): Scenario {
  const stream = uniqueName('webhooks');
  const queue = ['--queue-url', queueUrl, '--sqs-endpoint', endpoint, '--region', 'us-east-1'];
  const connection = ['--redis-url', redisUrl, ...queue];
  const command = ['sqs', '--stream', stream, ...QUICK, ...flags, ...connection];
  return { command, connection, stream, target };
}
