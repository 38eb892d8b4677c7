import type { Message } from '../../model/message.ts';
import { memberSpan } from './json-member.ts';

/**
 * The JSON that `readEnvelope` has read, with the body of the message: byte for byte, where kombu wrote it.
 * Undefined where the message does not carry its envelope.
 */
export function writeEnvelope({ body, system, unfit }: Message): Buffer | undefined {
  if (unfit !== undefined) return body ?? Buffer.alloc(0);
  const envelope = system?.envelope;
  if (envelope === undefined || body === null) return undefined;
  const parsed = JSON.parse(envelope) as { properties: { body_encoding?: unknown } };
  const base64 = parsed.properties.body_encoding === 'base64';
  const [from, to] = memberSpan(envelope, 'body')!;
  const text = base64 ? `"${body.toString('base64')}"` : asciiJson(body.toString('utf8'));
  return Buffer.from(`${envelope.slice(0, from)}${text}${envelope.slice(to)}`);
}

/** As Python writes it: nothing but ASCII. */
function asciiJson(text: string): string {
  return JSON.stringify(text).replace(
    /[\u0080-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
