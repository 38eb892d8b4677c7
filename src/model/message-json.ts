import { bytesFromJson, bytesToJson } from './entry.ts';
import type { Attribute, Message } from './message.ts';

const TEXTS = ['id', 'key', 'type', 'priority', 'enqueuedAt', 'notBefore', 'unfit'] as const;

/** A message as JSON takes it, nothing lost: bytes that are no UTF-8 become `{ base64 }`. */
export function messageToJson(message: Message): Record<string, unknown> {
  const { body, attributes, ...rest } = message;
  const json: Record<string, unknown> = { ...rest, body: body === null ? null : bytesToJson(body) };
  if (attributes) {
    const pairs = Object.entries(attributes).map(([name, { type, value }]) => [
      name,
      typeof value === 'string' ? { type, value } : { type, value: bytesToJson(value), binary: true },
    ]);
    json.attributes = Object.fromEntries(pairs);
  }
  return json;
}

/** The message that {@link messageToJson} wrote; undefined where the value is none. */
export function messageFromJson(value: unknown): Message | undefined {
  if (!isRecord(value) || typeof value.id !== 'string') return undefined;
  const body = value.body === null ? null : bytesFromJson(value.body);
  if (body === undefined) return undefined;
  const message: Message = { id: value.id, body };
  for (const name of TEXTS) {
    if (value[name] === undefined) continue;
    if (typeof value[name] !== 'string') return undefined;
    message[name] = value[name];
  }
  if (value.attempts !== undefined) message.attempts = Number(value.attempts);
  if (value.system !== undefined) message.system = value.system as Record<string, string>;
  if (value.attributes === undefined) return message;
  const attributes = attributesFromJson(value.attributes);
  return attributes && { ...message, attributes };
}

function attributesFromJson(value: unknown): Record<string, Attribute> | undefined {
  if (!isRecord(value)) return undefined;
  const pairs: [string, Attribute][] = [];
  for (const [name, one] of Object.entries(value)) {
    if (!isRecord(one) || typeof one.type !== 'string') return undefined;
    const bytes = bytesFromJson(one.value);
    if (!bytes) return undefined;
    pairs.push([name, { type: one.type, value: one.binary === true ? bytes : bytes.toString('utf8') }]);
  }
  return Object.fromEntries(pairs);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
