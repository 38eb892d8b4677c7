import type { Attribute, Message } from '../model/message.ts';
import type { FieldValue } from '../model/packed.ts';

/** Fields of the default entry that are the same in every message, in their order. */
export const ENVELOPE_FIELDS = [
  'id',
  'body',
  'type',
  'key',
  'priority',
  'attempts',
  'enqueuedAt',
  'notBefore',
] as const;

/** A message as name, value, name, value: the default entry without `source` and `run`. */
export function toEntry(message: Message): FieldValue[] {
  const entry: FieldValue[] = ['id', message.id];
  const add = (name: string, value: FieldValue | number | undefined): void => {
    if (value !== undefined && value !== null)
      entry.push(name, typeof value === 'number' ? String(value) : value);
  };
  for (const field of ENVELOPE_FIELDS.slice(1)) add(field, message[field as keyof Message] as FieldValue);
  for (const [name, attribute] of Object.entries(message.attributes ?? {}))
    addAttribute(entry, name, attribute);
  for (const [name, value] of Object.entries(message.system ?? {})) add(`sys.${name}`, value);
  return entry;
}

function addAttribute(entry: FieldValue[], name: string, attribute: Attribute): void {
  entry.push(`attr.${name}`, attribute.value);
  if (attribute.type !== 'String') entry.push(`attrType.${name}`, attribute.type);
}
