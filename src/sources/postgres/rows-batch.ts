import type { Attribute, Message } from '../../model/message.ts';
import { type PackedRows, rowCount, rowField, rowFields, selectRows } from '../../model/packed.ts';

/** Turns packed rows in the default envelope back into messages, for mappings and for what is set aside. */
export function rowsToMessages(rows: PackedRows): Message[] {
  return Array.from({ length: rowCount(rows) }, (_, i) => toMessage(rows.names, rowFields(rows, i)));
}

function toMessage(names: string[], fields: (Buffer | null)[]): Message {
  const message: Message = { id: fields[0]!.toString(), body: fields[1] ?? null };
  const attributes: Record<string, Attribute> = {};
  for (let i = 2; i < names.length; i += 1) {
    const value = fields[i];
    if (value === null || value === undefined) continue;
    const name = names[i]!;
    if (name.startsWith('attr.')) attributes[name.slice(5)] = { type: 'String', value };
    else assign(message, name, value.toString());
  }
  if (Object.keys(attributes).length > 0) message.attributes = attributes;
  return message;
}

function assign(message: Message, name: string, value: string): void {
  if (name === 'attempts') message.attempts = Number(value);
  else Object.assign(message, { [name]: value });
}

/** The rows whose messages fulfil a condition. */
export function rowsThat(rows: PackedRows, matches: (message: Message) => boolean): PackedRows {
  const chosen = rowsToMessages(rows).flatMap((message, i) => (matches(message) ? [i] : []));
  return chosen.length === rowCount(rows) ? rows : selectRows(rows, chosen);
}

/** One field of one row as text; null where it is absent. */
export function fieldText(rows: PackedRows, row: number, position: number): string | null {
  return rowField(rows, row, position)?.toString() ?? null;
}
