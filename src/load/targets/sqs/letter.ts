import type { Message, MessageAttributeValue } from '@aws-sdk/client-sqs';
import { attributeBytes, bodyOf, groupOf } from '../../../backends/sqs/limits.ts';
import { QctlError } from '../../../errors.ts';
import type { Delivery, Outgoing } from '../target.ts';

/** The attribute that a message of a run is known by. */
export const ID = 'qctl-load-id';
/** How the body was made into text, where it was none: `base64`, or `empty`. */
export const ENCODING = 'qctl-load-encoding';

/** All messages without a key, of a FIFO queue: order holds among them. */
const NO_KEY = 'qctl-load';

/** A message as SQS takes it. */
export interface Letter {
  seq: number;
  id: string;
  /** Order holds inside it; null: a standard queue has none. */
  group: string | null;
  body: string;
  attributes: Record<string, MessageAttributeValue>;
  /** What counts against the limit of a message and of a call. */
  bytes: number;
}

/** Makes one. SQS takes characters of XML 1.0 alone, and no empty body: other bodies go as base64. */
export function toLetter({ seq, id, key, body }: Outgoing, fifo: boolean): Letter {
  const { text, encoding } = encode(body);
  const strings = { [ID]: id, ...(encoding && { [ENCODING]: encoding }) };
  const attributes: Letter['attributes'] = {};
  let bytes = Buffer.byteLength(text);
  for (const [name, value] of Object.entries(strings)) {
    attributes[name] = { DataType: 'String', StringValue: value };
    bytes += attributeBytes(name, { type: 'String', value });
  }
  const group = fifo ? (key === null ? NO_KEY : groupOf(key)) : null;
  return { seq, id, group, body: text, attributes, bytes };
}

/** Why the queue does not take it, whatever else is sent; undefined where it does. */
export function tooLarge({ bytes, id }: Letter, mostBytes: number): QctlError | undefined {
  if (bytes <= mostBytes) return undefined;
  return new QctlError(
    'target',
    `message ${id} has ${bytes} bytes with its attributes, and the queue takes ${mostBytes}`,
    {
      code: 'SQS_MESSAGE_TOO_LARGE',
      hint: ['choose a smaller payload; a body that is no text grows by a third, since it goes as base64'],
    },
  );
}

/** Back again, byte for byte. A message that is not of a run has the id that SQS gave it. */
export function toDelivery(message: Message): Delivery {
  const { MessageAttributes: given = {}, Attributes: system = {} } = message;
  const received = Number(system.ApproximateReceiveCount);
  return {
    id: given[ID]?.StringValue ?? message.MessageId ?? '',
    body: decode(message.Body ?? '', given[ENCODING]?.StringValue),
    attempt: Number.isInteger(received) ? received : null,
    token: message.ReceiptHandle!,
  };
}

function encode(body: Buffer): { text: string; encoding?: 'base64' | 'empty' } {
  if (body.length === 0) return { text: '-', encoding: 'empty' };
  const text = bodyOf(body);
  return typeof text === 'string' ? { text } : { text: body.toString('base64'), encoding: 'base64' };
}

function decode(text: string, encoding: string | undefined): Buffer {
  if (encoding === 'empty') return Buffer.alloc(0);
  return Buffer.from(text, encoding === 'base64' ? 'base64' : 'utf8');
}
