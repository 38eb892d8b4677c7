import type { SqsConnection } from './connect.ts';

const MOST_NAMED = 1000;

/**
 * The URL of a queue by its ARN, with a connection to another queue of the account. Throws the SDK's error where it
 * is gone or may not be asked for.
 */
export async function queueUrlOf({ client }: SqsConnection, arn: string): Promise<string> {
  const { GetQueueUrlCommand } = await import('./library.ts');
  const [, , , , account, name] = arn.split(':');
  const { QueueUrl } = await client.send(
    new GetQueueUrlCommand({ QueueName: name, QueueOwnerAWSAccountId: account }),
  );
  return QueueUrl!;
}

/** The name of a queue, the last part of its ARN or URL. */
export function queueName(arnOrUrl: string): string {
  return arnOrUrl.slice(Math.max(arnOrUrl.lastIndexOf(':'), arnOrUrl.lastIndexOf('/')) + 1);
}

/** URLs of the queues that have this one as their dead-letter queue, at most a thousand. Throws the SDK's error. */
export async function deadLetterSources({ client, queueUrl }: SqsConnection): Promise<string[]> {
  const { ListDeadLetterSourceQueuesCommand } = await import('./library.ts');
  const answer = await client.send(
    new ListDeadLetterSourceQueuesCommand({ QueueUrl: queueUrl, MaxResults: MOST_NAMED }),
  );
  return answer.queueUrls ?? [];
}
