import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { Attribute } from '../../model/message.ts';

/** Batches stay below what SQS allowed before 2025; a larger message goes alone. */
export const BATCH_BYTES = 262_144;
export const BATCH_ENTRIES = 10;
export const MOST_ATTRIBUTES = 10;
export const MOST_DELAY_SECONDS = 900;

/** All that SQS takes in a body: XML 1.0 characters. */
const CHARACTERS = /^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]*$/u;
const NAME = /^(?!aws\.|amazon\.)(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,256}(?<!\.)$/i;
const TYPE = /^(?:String|Number|Binary)(?:\.[\s\S]{1,240})?$/;
const GROUP = /^[\x21-\x7E]{1,128}$/;

/** The body as SQS takes it, or why it does not. */
export function bodyOf(body: Buffer | null): string | { reason: string } {
  if (body === null) return { reason: 'its body is NULL, and SQS takes no message without a body' };
  if (body.length === 0) return { reason: 'its body is empty, and SQS takes no message without a body' };
  if (!isUtf8(body)) return { reason: 'its body is no UTF-8 text, and SQS takes nothing else' };
  const text = body.toString();
  return CHARACTERS.test(text) ? text : { reason: 'its body has control characters that SQS does not take' };
}

/** Why SQS would not take an attribute; undefined where it would. */
export function attributeFault(name: string, { type, value }: Attribute): string | undefined {
  if (!NAME.test(name)) return `attribute ${name} has a name that SQS does not take`;
  if (!TYPE.test(type)) return `attribute ${name} has type ${type}, which SQS does not know`;
  if (value.length === 0) return `attribute ${name} is empty, which SQS does not take`;
  if (typeof value === 'string' && !CHARACTERS.test(value)) return `attribute ${name} has control characters`;
  return undefined;
}

/** The group itself where it can be one, else a name that only it has. */
export function groupOf(key: string): string {
  return GROUP.test(key) ? key : `qctl-${createHash('sha256').update(key).digest('hex')}`;
}

/** What an attribute counts against the limit of a message. */
export function attributeBytes(name: string, { type, value }: Attribute): number {
  return Buffer.byteLength(name) + Buffer.byteLength(type) + Buffer.byteLength(value);
}
