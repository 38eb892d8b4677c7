import { isUtf8 } from 'node:buffer';
import { QctlError } from '../errors.ts';
import { type Field, fieldsFromJson } from '../model/entry.ts';
import { splitLines } from '../model/lines.ts';
import { formatStreamId, parseStreamId } from '../model/stream-id.ts';

/** One line of an export. */
export interface ImportLine {
  /** From 1. */
  line: number;
  /** The dead-letter stream that it was taken from. */
  stream: string;
  /** The id that it had there; null where the line does not say so. */
  id: string | null;
  fields: Field[];
  /** The line itself. */
  bytes: Buffer;
}

/** No line may be longer: one command to Redis could not hold it. */
const MOST_LINE_BYTES = 500_000_000;
/** More arguments do not fit a script; what qctl makes dead letters of has at most 3,950 and ten of its own. */
export const MOST_IMPORT_FIELDS = 3975;
const OWN_FIELDS = Buffer.from('dlq.fields');
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Reads an export line by line; empty lines are passed over. Throws `refused` with the number of the
 * first line that is no dead letter.
 *
 * @param name of the file, for errors
 */
export async function* readImportLines(
  chunks: AsyncIterable<Buffer>,
  name: string,
): AsyncGenerator<ImportLine> {
  let line = 0;
  const tooLong = () => bad(`a line of ${name}`, `is longer than ${MOST_LINE_BYTES} bytes`);
  for await (const bytes of splitLines(chunks, MOST_LINE_BYTES, tooLong)) {
    line += 1;
    const content = line === 1 && bytes.subarray(0, 3).equals(BYTE_ORDER_MARK) ? bytes.subarray(3) : bytes;
    if (content.length === 0) continue;
    yield { line, bytes: content, ...parseLine(content, `line ${line} of ${name}`) };
  }
}

function parseLine(bytes: Buffer, where: string): Pick<ImportLine, 'stream' | 'id' | 'fields'> {
  if (!isUtf8(bytes)) throw bad(where, 'is not UTF-8');
  const value = parseJson(bytes.toString('utf8'), where);
  if (typeof value !== 'object' || value === null) throw bad(where, 'is no object');
  const { type, stream, id, madeBy, fields: written } = value as Record<string, unknown>;
  if (type !== 'dead-letter') throw bad(where, 'is no dead letter: its type is not dead-letter');
  if (typeof stream !== 'string' || stream === '') throw bad(where, 'names no stream');
  const fields = fieldsFromJson(written);
  if (!fields) throw bad(where, 'has fields that are no fields of an entry');
  if (fields.length === 0) throw bad(where, 'has no fields');
  // A line of 'qctl dlq show' has the original fields alone: how it died would be lost.
  if (madeBy === 'qctl' && !fields[0]![0].equals(OWN_FIELDS))
    throw bad(where, 'lacks the fields of its death');
  if (fields.length > MOST_IMPORT_FIELDS) throw bad(where, `has more than ${MOST_IMPORT_FIELDS} fields`);
  return { stream, id: toId(id), fields };
}

function toId(written: unknown): string | null {
  const id = typeof written === 'string' ? parseStreamId(written) : undefined;
  return id ? formatStreamId(id) : null;
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not as the cause: the parser quotes the line, and with it what is in the message.
    throw bad(where, 'is no whole line of JSON');
  }
}

function bad(where: string, what: string): QctlError {
  return new QctlError('refused', `${where} ${what}; nothing was imported`, {
    code: 'IMPORT_BAD_LINE',
    hint: ["an import takes what 'qctl dlq export' has written, whole", 'mend the line or take it out'],
    details: { where },
  });
}
