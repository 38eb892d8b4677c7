import type { SQSClient } from '@aws-sdk/client-sqs';

const BATCH = 10;

/** What SQS handed out, as far as it is needed to speak of it again. */
export interface Handed {
  MessageId?: string;
  ReceiptHandle?: string;
}

/** Where the messages are. */
export interface Queue {
  client: SQSClient;
  queueUrl: string;
}

/**
 * Changes how long messages stay invisible, in tens; 0 gives them back at once. Returns the code of
 * each one that SQS has refused, by MessageId. Throws where a call fails as a whole.
 */
export async function changeVisibility(
  { client, queueUrl }: Queue,
  messages: Handed[],
  seconds: number,
): Promise<Map<string, string>> {
  const { ChangeMessageVisibilityBatchCommand } = await import('../../backends/sqs/library.ts');
  const refused = new Map<string, string>();
  for (let at = 0; at < messages.length; at += BATCH) {
    const part = messages.slice(at, at + BATCH);
    const entries = part.map((message, i) => ({
      Id: String(i),
      ReceiptHandle: message.ReceiptHandle!,
      VisibilityTimeout: seconds,
    }));
    const answer = await client.send(
      new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries: entries }),
    );
    for (const { Id, Code } of answer.Failed ?? [])
      refused.set(part[Number(Id)]!.MessageId!, Code ?? 'unknown');
  }
  return refused;
}
