import { createHash } from 'node:crypto';
import type { MessageAttributeValue, SendMessageBatchRequestEntry } from '@aws-sdk/client-sqs';
import {
  attributeBytes,
  attributeFault,
  bodyOf,
  groupOf,
  MOST_ATTRIBUTES,
  MOST_DELAY_SECONDS,
} from '../../../backends/sqs/limits.ts';
import type { Attribute, Message } from '../../../model/message.ts';
import type { Item } from '../destination.ts';
import { nameOf } from './arrived.ts';

/** What the queue is and what was asked for. */
export interface LetterOptions {
  fifo: boolean;
  /** Most bytes of a message, attributes included. */
  mostBytes: number;
  marks: boolean;
  clipDelay: boolean;
  nowMs(): number;
}

/** A message ready to be sent. */
export interface Letter {
  entry: string;
  /** What it is known again by, see {@link nameOf}. */
  name: string;
  /** Order holds inside it; null: there is none to keep. */
  group: string | null;
  request: Omit<SendMessageBatchRequestEntry, 'Id'>;
  bytes: number;
  /** True where not all of qctl's own attributes found room. */
  unmarked: boolean;
  /** True where it will be visible before its time. */
  clipped: boolean;
}

/** Makes one, or says why SQS would not take it. */
export function toLetter(item: Item, options: LetterOptions): Letter | { reason: string } {
  const { message } = item;
  const body = bodyOf(message.body);
  if (typeof body !== 'string') return body;
  const delay = delayOf(message, options);
  return 'reason' in delay ? delay : withAttributes(item, body, options, delay);
}

interface Delay {
  seconds: number;
  clipped: boolean;
}

function withAttributes(
  item: Item,
  body: string,
  options: LetterOptions,
  delay: Delay,
): Letter | { reason: string } {
  const attributes = { ...item.message.attributes };
  const fault = attributesFault(attributes);
  if (fault !== undefined) return { reason: fault };
  const plain = Buffer.byteLength(body) + attributesBytes(attributes);
  if (plain > options.mostBytes)
    return { reason: `it has ${plain} bytes, and the queue takes ${options.mostBytes}` };
  const unmarked = options.marks && !mark(attributes, item, options.mostBytes - Buffer.byteLength(body));
  const bytes = Buffer.byteLength(body) + attributesBytes(attributes);
  const request = requestOf(item, body, attributes, options, delay);
  const group = options.fifo ? request.MessageGroupId! : null;
  return { entry: item.entry, name: nameOf(item), group, request, bytes, unmarked, clipped: delay.clipped };
}

function attributesFault(attributes: Record<string, Attribute>): string | undefined {
  const all = Object.entries(attributes);
  if (all.length > MOST_ATTRIBUTES)
    return `it has ${all.length} attributes, and SQS takes ${MOST_ATTRIBUTES}`;
  for (const [name, attribute] of all) {
    const fault = attributeFault(name, attribute);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Adds qctl's own attributes as far as there is room; true where there was room for all. */
function mark(attributes: Record<string, Attribute>, item: Item, mostBytes: number): boolean {
  let all = true;
  for (const [name, attribute] of marksOf(item)) {
    const marked = { ...attributes, [name]: attribute };
    if (Object.keys(marked).length > MOST_ATTRIBUTES || attributesBytes(marked) > mostBytes) all = false;
    else attributes[name] = attribute;
  }
  return all;
}

function requestOf(
  item: Item,
  body: string,
  attributes: Record<string, Attribute>,
  { fifo }: LetterOptions,
  { seconds }: Delay,
): Letter['request'] {
  const { message, stream, entry } = item;
  const group = groupFor(item, fifo);
  const request: Letter['request'] = { MessageBody: body };
  if (Object.keys(attributes).length > 0) request.MessageAttributes = toValues(attributes);
  if (seconds > 0) request.DelaySeconds = seconds;
  if (group !== null) request.MessageGroupId = group;
  if (fifo) request.MessageDeduplicationId = deduplicationIdOf(stream, entry);
  const trace = message.system?.AWSTraceHeader;
  if (trace) request.MessageSystemAttributes = { AWSTraceHeader: { DataType: 'String', StringValue: trace } };
  return request;
}

/** A key that SQS itself had given out goes back to a standard queue as well (fair queues). */
function groupFor({ message, entry }: Item, fifo: boolean): string | null {
  if (message.key !== undefined && (fifo || message.system !== undefined)) return groupOf(message.key);
  // Without a key there is no order to keep: a group of its own.
  return fifo ? `qctl-${entry}` : null;
}

function delayOf(
  { notBefore }: Message,
  { fifo, clipDelay, nowMs }: LetterOptions,
): Delay | { reason: string } {
  const at = notBefore === undefined ? Number.NaN : Date.parse(notBefore);
  const seconds = Number.isNaN(at) ? 0 : Math.ceil((at - nowMs()) / 1000);
  const most = fifo ? 0 : MOST_DELAY_SECONDS;
  if (seconds <= most) return { seconds: Math.max(0, seconds), clipped: false };
  if (clipDelay) return { seconds: most, clipped: true };
  const why = fifo
    ? 'a FIFO queue delays no single message'
    : `SQS delays for ${MOST_DELAY_SECONDS} s at most`;
  return { reason: `it is not due before ${notBefore}, and ${why} (--clip-delay sends it earlier)` };
}

/** What makes a message known again, the most important first. */
function marksOf({ message, hasId, entry, stream, attempts }: Item): [string, Attribute][] {
  const text = (value: string): Attribute => ({ type: 'String', value });
  const marks: [string, Attribute][] = [['qctl.entry', text(`${stream} ${entry}`)]];
  if (hasId && message.attributes?.['qctl.id'] === undefined) marks.push(['qctl.id', text(message.id)]);
  if (attempts) marks.push(['qctl.attempts', { type: 'Number', value: String(attempts) }]);
  if (message.priority) marks.push(['qctl.priority', text(message.priority)]);
  if (message.type) marks.push(['qctl.type', text(message.type)]);
  if (message.enqueuedAt) marks.push(['qctl.enqueuedAt', text(message.enqueuedAt)]);
  return marks.filter(([name, attribute]) => attributeFault(name, attribute) === undefined);
}

function attributesBytes(attributes: Record<string, Attribute>): number {
  return Object.entries(attributes).reduce((sum, [name, value]) => sum + attributeBytes(name, value), 0);
}

function toValues(attributes: Record<string, Attribute>): Record<string, MessageAttributeValue> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { type, value }]) => [
      name,
      type.startsWith('Binary')
        ? { DataType: type, BinaryValue: Buffer.from(value as Buffer) }
        : { DataType: type, StringValue: String(value) },
    ]),
  );
}

/**
 * Names an entry's way back: the same whenever it is sent again, and never what the message had in the queue
 * before, which SQS would swallow for five minutes.
 */
function deduplicationIdOf(stream: string, entry: string): string {
  return `qctl-${createHash('sha256').update(stream).update('\0').update(entry).digest('hex')}`;
}
