import type { SendMessageBatchResultEntry, SQSClient } from '@aws-sdk/client-sqs';
import { isRetryableSqs, isThrottle } from '../../../backends/sqs/index.ts';
import { md5OfAttributes, md5OfBody } from '../../../sources/sqs/md5.ts';
import type { Letter } from './letter.ts';

/** What one call has done with each letter. */
export interface Sent {
  arrived: Letter[];
  /** SQS will never take them. */
  refused: [Letter, reason: string][];
  /** To be sent again; it is known that they have not arrived. */
  unsent: Letter[];
  /** To be sent again, and nobody knows whether they have arrived. */
  unknown: Letter[];
  /** Why they have to be sent again. */
  reason: string | undefined;
}

/** Errors of a connection that was never made. */
const NOT_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/** One SendMessageBatch. Throws what waiting does not heal. */
export async function sendBatch(
  client: SQSClient,
  queueUrl: string,
  batch: readonly Letter[],
): Promise<Sent> {
  const { SendMessageBatchCommand } = await import('../../../backends/sqs/library.ts');
  const entries = batch.map(({ request }, i) => ({ Id: String(i), ...request }));
  const sent: Sent = { arrived: [], refused: [], unsent: [], unknown: [], reason: undefined };
  try {
    const answer = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }));
    const answered = new Set<Letter>();
    for (const success of answer.Successful ?? []) {
      const letter = batch[Number(success.Id)]!;
      answered.add(letter);
      if (isWhole(letter, success)) sent.arrived.push(letter);
      else
        sent.refused.push([
          letter,
          'SQS has confirmed it with another MD5: it may stand damaged in the queue',
        ]);
    }
    for (const failure of answer.Failed ?? []) {
      const letter = batch[Number(failure.Id)]!;
      answered.add(letter);
      const passing = !failure.SenderFault || /Throttl/.test(failure.Code ?? '');
      if (passing) {
        sent.unsent.push(letter);
        sent.reason = failure.Code ?? 'SQS failed';
      } else sent.refused.push([letter, `SQS refuses it: ${failure.Code}: ${failure.Message ?? ''}`]);
    }
    // What is in neither list may be anywhere.
    sent.unknown.push(...batch.filter((letter) => !answered.has(letter)));
    if (sent.unknown.length > 0) sent.reason ??= 'SQS has not answered for all messages';
    return sent;
  } catch (error) {
    const reason = isThrottle(error) ? 'SQS asks to slow down' : isRetryableSqs(error);
    if (reason === undefined) throw error;
    return { ...sent, [cannotHaveArrived(error) ? 'unsent' : 'unknown']: [...batch], reason };
  }
}

/** A 503 counts as a throttle, too, and may come from behind the queue. */
function cannotHaveArrived(error: unknown): boolean {
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  return (isThrottle(error) && status !== 503) || NOT_CONNECTED.has(codeOf(error));
}

function codeOf(error: unknown): string {
  const { code, cause } = error as { code?: string; cause?: unknown };
  return code ?? (cause ? codeOf(cause) : '');
}

function isWhole(
  { request }: Letter,
  { MD5OfMessageBody, MD5OfMessageAttributes }: SendMessageBatchResultEntry,
): boolean {
  if (MD5OfMessageBody !== undefined && MD5OfMessageBody !== md5OfBody(request.MessageBody!)) return false;
  const { MessageAttributes: attributes } = request;
  if (!attributes || MD5OfMessageAttributes === undefined) return true;
  return md5OfAttributes(attributes) === MD5OfMessageAttributes;
}
