import type { Message as SqsMessage } from '@aws-sdk/client-sqs';
import type { Attribute, Message } from '../../model/message.ts';
import { md5OfAttributes, md5OfBody } from './md5.ts';

/** System attributes that have a field of their own in the message; all others are carried as `system`. */
const OWN_FIELD = new Set(['SentTimestamp', 'ApproximateReceiveCount', 'MessageGroupId']);

/** An SQS message in qctl's shape: nothing of it is left out but the receipt handle. */
export function toMessage(received: SqsMessage): Message {
  const system = received.Attributes ?? {};
  const message: Message = { id: received.MessageId!, body: Buffer.from(received.Body ?? '', 'utf8') };
  if (system.MessageGroupId !== undefined) message.key = system.MessageGroupId;
  if (system.ApproximateReceiveCount !== undefined) message.attempts = Number(system.ApproximateReceiveCount);
  if (system.SentTimestamp !== undefined)
    message.enqueuedAt = new Date(Number(system.SentTimestamp)).toISOString();
  const attributes = Object.entries(received.MessageAttributes ?? {}).map(([name, value]) => [
    name,
    toAttribute(value),
  ]);
  if (attributes.length > 0) message.attributes = Object.fromEntries(attributes);
  const others = Object.entries(system).filter(([name]) => !OWN_FIELD.has(name));
  if (others.length > 0) message.system = Object.fromEntries(others) as Record<string, string>;
  return message;
}

function toAttribute(value: {
  DataType?: string;
  StringValue?: string;
  BinaryValue?: Uint8Array;
}): Attribute {
  const type = value.DataType ?? 'String';
  if (value.BinaryValue === undefined) return { type, value: value.StringValue ?? '' };
  return {
    type,
    value: Buffer.from(value.BinaryValue.buffer, value.BinaryValue.byteOffset, value.BinaryValue.byteLength),
  };
}

/** What was damaged on the way, by the sums that SQS sends along; undefined where all is well. */
export function damageOf(received: SqsMessage): string | undefined {
  if (received.MD5OfBody !== undefined && md5OfBody(received.Body ?? '') !== received.MD5OfBody)
    return 'body';
  const { MessageAttributes: attributes, MD5OfMessageAttributes: sum } = received;
  if (sum !== undefined && attributes && md5OfAttributes(attributes) !== sum) return 'attributes';
  return undefined;
}
