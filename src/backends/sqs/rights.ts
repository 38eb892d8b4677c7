import type { SqsConnection } from './connect.ts';
import { nameOf } from './retry.ts';

/** No message has this receipt handle: who may act is told that it is invalid, who may not that it is denied. */
const NOBODYS = 'qctl-preflight-asks-for-rights-only';

/**
 * The actions on the queue that the caller may not do, of those that can be asked for without doing
 * anything: `sqs:DeleteMessage`, `sqs:ChangeMessageVisibility`. Whether it may receive cannot be asked so.
 */
export async function missingQueueRights({ client, queueUrl }: SqsConnection): Promise<string[]> {
  const { ChangeMessageVisibilityCommand, DeleteMessageCommand } = await import('./library.ts');
  const of = { QueueUrl: queueUrl, ReceiptHandle: NOBODYS };
  const answers = await Promise.all([
    isDenied(() => client.send(new DeleteMessageCommand(of))),
    isDenied(() => client.send(new ChangeMessageVisibilityCommand({ ...of, VisibilityTimeout: 0 }))),
  ]);
  return ['sqs:DeleteMessage', 'sqs:ChangeMessageVisibility'].filter((_, i) => answers[i]);
}

/**
 * Whether the caller may send to the queue: a batch of no messages is refused as empty where it may, and as denied
 * where it may not.
 */
export async function maySend({ client, queueUrl }: SqsConnection): Promise<boolean> {
  const { SendMessageBatchCommand } = await import('./library.ts');
  return !(await isDenied(() =>
    client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: [] })),
  ));
}

async function isDenied(ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask();
    return false;
  } catch (error) {
    return isDenial(error);
  }
}

/** True where the caller may not do what it tried. */
export function isDenial(error: unknown): boolean {
  return error instanceof Error && /^AccessDenied|^AuthorizationError$/.test(nameOf(error));
}
