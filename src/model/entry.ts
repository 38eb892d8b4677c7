import { isUtf8 } from 'node:buffer';

/** Name and value, byte for byte. */
export type Field = [name: Buffer, value: Buffer];

/** One entry of a stream, its fields in their order. */
export interface StreamEntry {
  id: string;
  fields: Field[];
}

/** Text where the bytes are UTF-8, else their base64. */
export type JsonBytes = string | { base64: string };
/**
 * Fields in JSON: an object. A list of pairs where an object could not hold them: repeated names,
 * names that are not UTF-8, and names such as `7` that JSON readers put in another place.
 */
export type JsonFields = Record<string, JsonBytes> | [JsonBytes, JsonBytes][];

/** Fields as JSON takes them, nothing lost; {@link fieldsFromJson} is the way back. */
export function fieldsToJson(fields: readonly Field[]): JsonFields {
  const pairs = fields.map(([name, value]): [JsonBytes, JsonBytes] => [
    bytesToJson(name),
    bytesToJson(value),
  ]);
  const names = new Set(pairs.map(([name]) => name));
  const plain = pairs.every(([name]) => typeof name === 'string' && !/^(?:\d+|__proto__)$/.test(name));
  return plain && names.size === pairs.length ? Object.fromEntries(pairs) : pairs;
}

/** The fields that {@link fieldsToJson} wrote; undefined where the value is none of its shapes. */
export function fieldsFromJson(value: unknown): Field[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const pairs: unknown[] = Array.isArray(value) ? value : Object.entries(value);
  const fields: Field[] = [];
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2) return undefined;
    const name = bytesFromJson(pair[0]);
    const content = bytesFromJson(pair[1]);
    if (!name || !content) return undefined;
    fields.push([name, content]);
  }
  return fields;
}

/** See {@link JsonBytes}. */
export function bytesToJson(bytes: Buffer): JsonBytes {
  return isUtf8(bytes) ? bytes.toString('utf8') : { base64: bytes.toString('base64') };
}

/** The bytes that {@link bytesToJson} wrote; undefined where the value is none of its shapes. */
export function bytesFromJson(value: unknown): Buffer | undefined {
  if (typeof value === 'string') return Buffer.from(value, 'utf8');
  if (typeof value !== 'object' || value === null) return undefined;
  const { base64 } = value as { base64?: unknown };
  if (typeof base64 !== 'string' || Buffer.from(base64, 'base64').toString('base64') !== base64)
    return undefined;
  return Buffer.from(base64, 'base64');
}

/** The last value of that name, as programs that read entries into a map see it. */
export function fieldOf(fields: readonly Field[], name: string): Buffer | undefined {
  const wanted = Buffer.from(name);
  return fields.findLast(([own]) => own.equals(wanted))?.[1];
}
