import { isUtf8 } from 'node:buffer';
import { redactJson } from './redact-json.ts';
import { alikeText } from './shape.ts';

/** Characters that no text has. */
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

/**
 * A body of the same shape and length in bytes that says nothing of the original.
 *
 * JSON keeps its structure, key names, `true`, `false` and `null`; strings become others of the same
 * classes of characters, numbers others of as many digits. Other text is replaced character by character, and what is no text by random bytes. Key names
 * stay even where they are data, such as an address that messages are grouped by: such a source must not be sampled.
 *
 * @param keep fields of JSON bodies that stay as they are, with all that is in them: `type`, `agent.id`, `items.*.kind`
 * @param random numbers from 0 to 1: the same ones give the same body
 */
export function redact(body: Buffer, keep: readonly string[], random: () => number): Buffer {
  if (!isUtf8(body)) return noise(body.length, random);
  const text = body.toString('utf8');
  if (isJson(text)) return Buffer.from(redactJson(text, keep, random));
  return CONTROL.test(text) ? noise(body.length, random) : Buffer.from(alikeText(text, random));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function noise(length: number, random: () => number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let at = 0; at < length; at += 1) bytes[at] = random() * 256;
  return bytes;
}
