import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { type Field, fieldOf, fieldsToJson } from '../model/entry.ts';
import type { Attribute, Message } from '../model/message.ts';

/** What is made of entries that do not have qctl's own shape. */
export type OtherShape = { body: string } | { whole: true } | { refuse: true };

/** A message as an entry carries it. */
export interface FromEntry {
  message: Message;
  /** True where the entry names the message's own id; else the id is that of the entry. */
  hasId: boolean;
}

/** Why an entry is no message that could be given back. */
export interface Unrestorable {
  reason: string;
}

const PLAIN = new Set(['type', 'key', 'priority', 'enqueuedAt', 'notBefore']);
const OWN = new Set(['source', 'run']);
const PREFIX = /^(attr|attrType|sys)\.(.+)$/s;

/**
 * The inverse of `toEntry`: the message that was appended, byte for byte. An entry of another shape is
 * read as `other` says; where nothing may get lost and something would, the reason is given instead.
 *
 * @param entryId stands for the id of a message that has none of its own
 */
export function fromEntry(
  fields: readonly Field[],
  entryId: string,
  other: OtherShape,
): FromEntry | Unrestorable {
  const envelope = fromEnvelope(fields);
  if (!('reason' in envelope) || 'refuse' in other) return envelope;
  return 'body' in other ? fromBody(fields, entryId, other.body) : fromWhole(fields, entryId);
}

/** Names an entry by all that it holds: equal ids with another content are another entry. */
export function digestOfEntry(fields: readonly Field[]): string {
  const hash = createHash('sha256');
  const length = Buffer.alloc(4);
  for (const part of fields.flat()) {
    length.writeUInt32BE(part.length);
    hash.update(length).update(part);
  }
  return hash.digest('hex').slice(0, 40);
}

function fromEnvelope(fields: readonly Field[]): FromEntry | Unrestorable {
  const message: Message = { id: '', body: null };
  const types: Record<string, string> = {};
  const seen = new Set<string>();
  for (const [rawName, value] of fields) {
    const name = rawName.toString();
    if (seen.has(name)) return { reason: `field ${name} stands in it twice` };
    seen.add(name);
    const why = take(message, types, name, value);
    if (why !== undefined) return { reason: why };
  }
  if (message.id === '') return { reason: 'it has no field id: it is not of the shape that qctl writes' };
  for (const [name, type] of Object.entries(types)) {
    const attribute = message.attributes?.[name];
    if (!attribute) return { reason: `attrType.${name} has no attribute` };
    attribute.type = type;
    if (type.startsWith('Binary')) attribute.value = Buffer.from(attribute.value as string);
    else if (typeof attribute.value !== 'string')
      return { reason: `attribute ${name} is called ${type} and is no UTF-8 text` };
  }
  return { message, hasId: true };
}

/** Puts one field where it belongs; why it cannot, where it cannot. */
function take(
  message: Message,
  types: Record<string, string>,
  name: string,
  value: Buffer,
): string | undefined {
  if (name === 'body') {
    message.body = value;
    return undefined;
  }
  const [, kind, inner] = PREFIX.exec(name) ?? [];
  if (kind === 'attr') {
    message.attributes ??= {};
    message.attributes[inner!] = textOrBytes(value);
    return undefined;
  }
  if (!isUtf8(value)) return `field ${name} is no UTF-8 text`;
  const text = value.toString();
  if (kind === 'attrType') types[inner!] = text;
  else if (kind === 'sys') message.system = { ...message.system, [inner!]: text };
  else if (name === 'id') message.id = text;
  else if (name === 'attempts') return takeAttempts(message, text);
  else if (PLAIN.has(name)) Object.assign(message, { [name]: text });
  else if (!OWN.has(name)) return `field ${name} is none that qctl writes`;
  return undefined;
}

function takeAttempts(message: Message, text: string): string | undefined {
  if (!/^-?\d{1,15}$/.test(text)) return `attempts ${text.slice(0, 40)} is no whole number`;
  message.attempts = Number(text);
  return undefined;
}

/** A column of bytes is written without a type: what is no text stays bytes. */
function textOrBytes(value: Buffer): Attribute {
  return { type: 'String', value: isUtf8(value) ? value.toString() : value };
}

/** One field is the body and the others are attributes, so that nothing is lost. */
function fromBody(fields: readonly Field[], entryId: string, name: string): FromEntry | Unrestorable {
  const body = fieldOf(fields, name);
  if (!body) return { reason: `it has no field ${name}` };
  const attributes: Record<string, Attribute> = {};
  for (const [rawName, value] of fields) {
    const own = rawName.toString();
    if (own === name) continue;
    if (attributes[own]) return { reason: `field ${own} stands in it twice` };
    attributes[own] = isUtf8(value) ? textOrBytes(value) : { type: 'Binary', value };
  }
  const message: Message = { id: entryId, body };
  if (Object.keys(attributes).length > 0) message.attributes = attributes;
  return { message, hasId: false };
}

/** The whole entry as a JSON object of text. */
function fromWhole(fields: readonly Field[], entryId: string): FromEntry | Unrestorable {
  if (!fields.flat().every((part) => isUtf8(part)))
    return { reason: 'a field is no UTF-8 text, which JSON cannot hold' };
  const json = fieldsToJson(fields);
  if (Array.isArray(json))
    return { reason: 'its fields do not make a JSON object: a name is repeated or a number' };
  return { message: { id: entryId, body: Buffer.from(JSON.stringify(json)) }, hasId: false };
}
