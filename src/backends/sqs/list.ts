import type { SqsAccount } from './account.ts';
import { toSqsError } from './errors.ts';

/** The URLs of an account's queues by name, at most so many. Throws a QctlError `source` or `auth`. */
export async function listQueues({ client, label }: SqsAccount, most: number): Promise<string[]> {
  const { ListQueuesCommand } = await import('./library.ts');
  try {
    const reply = await client.send(new ListQueuesCommand({ MaxResults: most }));
    return (reply.QueueUrls ?? []).toSorted();
  } catch (error) {
    throw toSqsError(error, label, 'list the queues');
  }
}
