import type { SQSClient } from '@aws-sdk/client-sqs';
import { QctlError } from '../../../errors.ts';
import type { Letter } from './letter.ts';

/**
 * One SendMessageBatch. Gives why letters were not taken; those that are not in it were. Throws the SDK's error where
 * the call has failed as a whole.
 */
export async function sendLetters(
  client: SQSClient,
  queueUrl: string,
  letters: readonly Letter[],
  abortSignal?: AbortSignal,
): Promise<Map<Letter, QctlError>> {
  const { SendMessageBatchCommand } = await import('../../../backends/sqs/library.ts');
  const entries = letters.map((letter, i) => ({
    Id: String(i),
    MessageBody: letter.body,
    MessageAttributes: letter.attributes,
    ...(letter.group !== null && { MessageGroupId: letter.group, MessageDeduplicationId: letter.id }),
  }));
  const answer = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }), {
    abortSignal,
  });
  const taken = new Set((answer.Successful ?? []).map(({ Id }) => Id));
  const said = new Map((answer.Failed ?? []).map(({ Id, Code, Message }) => [Id, Message ?? Code]));
  const failed = new Map<Letter, QctlError>();
  for (const [i, letter] of letters.entries()) {
    if (!taken.has(String(i))) failed.set(letter, notTaken(said.get(String(i))));
  }
  return failed;
}

function notTaken(why = 'it has not answered for it'): QctlError {
  return new QctlError('target', `SQS has not taken the message: ${why}`, {
    code: 'SQS_NOT_TAKEN',
    hint: ['where it throttles, a lower --rate'],
  });
}
