import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { Attribute, Message } from '../../model/message.ts';
import { memberSpan } from './json-member.ts';

/** JSON of an object, as far as it is one. */
type Json = Record<string, unknown>;

/**
 * A message of a Celery queue in qctl's shape, from the JSON that kombu has put there. The body is what the
 * producer gave to kombu, pickled or compressed as it may be; the whole rest of the envelope is carried as it
 * stood, in `system.envelope`. What is none comes back with its reason in `unfit`, and whole as its body.
 */
export function readEnvelope(raw: Buffer): Message {
  const envelope = isUtf8(raw) ? parseObject(raw.toString('utf8')) : undefined;
  if (!envelope) return unfit(raw, 'it is no JSON object, as kombu writes one for each message');
  const { body } = envelope;
  const properties = objectOf(envelope.properties);
  const tag = textOf(properties.delivery_tag);
  if (tag === undefined) return unfit(raw, 'its properties hold no delivery_tag');
  if (typeof body !== 'string') return unfit(raw, 'it has no body as text');
  if (/\p{Surrogate}/u.test(body)) return unfit(raw, 'its body is no text that could be bytes');
  const bytes = Buffer.from(body, properties.body_encoding === 'base64' ? 'base64' : 'utf8');
  const task = taskOf(envelope, bytes);
  const message: Message = { id: tag, body: bytes };
  const type = textOf(task.task);
  if (type !== undefined) message.type = type;
  const priority = textOf(properties.priority);
  if (priority !== undefined) message.priority = priority;
  if (Number.isSafeInteger(task.retries)) message.attempts = task.retries as number;
  const notBefore = timeOf(task.eta);
  if (notBefore !== undefined) message.notBefore = notBefore;
  message.attributes = attributesOf(envelope, properties, task);
  message.system = { envelope: withoutBody(raw.toString('utf8')) };
  return message;
}

/** Where Celery keeps what it knows of a task: in the headers (protocol 2), or in the body with its arguments (protocol 1). */
function taskOf(envelope: Json, body: Buffer): Json {
  const headers = objectOf(envelope.headers);
  if (headers.task !== undefined || envelope['content-type'] !== 'application/json') return headers;
  const whole = parseObject(body.toString('utf8')) ?? {};
  return typeof whole.task === 'string' ? { ...whole, group: whole.taskset ?? whole.group } : headers;
}

function attributesOf(envelope: Json, properties: Json, task: Json): Record<string, Attribute> {
  const given: [name: string, value: unknown][] = [
    ['task_id', task.id],
    ['lang', task.lang],
    ['root_id', task.root_id],
    ['parent_id', task.parent_id],
    ['group', task.group],
    ['expires', task.expires],
    ['compression', objectOf(envelope.headers).compression],
    ['correlation_id', properties.correlation_id],
    ['reply_to', properties.reply_to],
    ['content_type', envelope['content-type']],
    ['content_encoding', envelope['content-encoding']],
  ];
  const attributes: Record<string, Attribute> = {};
  for (const [name, value] of given) {
    const text = textOf(value);
    if (text !== undefined) attributes[name] = { type: 'String', value: text };
  }
  return attributes;
}

/** The envelope with an empty body: put back in, the body makes it what it was. */
function withoutBody(json: string): string {
  const [from, to] = memberSpan(json, 'body')!;
  return `${json.slice(0, from)}""${json.slice(to)}`;
}

/** Celery writes times as Python does; one without a zone is UTC to it. */
function timeOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const ms = Date.parse(/[Zz]$|[+-]\d\d:?\d\d$/.test(value) ? value : `${value}Z`);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}

function unfit(raw: Buffer, reason: string): Message {
  const digest = createHash('sha256').update(raw).digest('hex').slice(0, 32);
  return { id: `unreadable-${digest}`, body: raw, unfit: reason };
}

function parseObject(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const objectOf = (value: unknown): Json => (isObject(value) ? value : {});

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  return typeof value === 'number' ? String(value) : undefined;
}
