/**
 * Messages packed for the wire, in the framing of PostgreSQL's COPY BINARY: per row a 16-bit field
 * count, then per field a 32-bit length (-1: absent) and its bytes, all big-endian. Rows that come
 * out of PostgreSQL go into a Redis script as they are, and everything else is packed the same way.
 */
export interface PackedRows {
  /** Field names by position; rows may carry more fields than names, which are not written. Empty: each row carries name, value, name, value. */
  names: string[];
  data: Buffer;
  /** Start of each row in `data`, and its end as the last element: count + 1 numbers. */
  offsets: number[];
  /** Every row has exactly the named fields, none of them absent: the target may take a shorter way. */
  dense?: boolean;
}

export type FieldValue = string | Buffer | null;

/** How many rows there are. */
export function rowCount(rows: PackedRows): number {
  return rows.offsets.length - 1;
}

/** The fields of one row, as slices that share memory with `rows.data`; null where absent. */
export function rowFields(rows: PackedRows, index: number): (Buffer | null)[] {
  const { data } = rows;
  let at = rows.offsets[index]!;
  const count = data.readUInt16BE(at);
  at += 2;
  const fields: (Buffer | null)[] = [];
  for (let i = 0; i < count; i += 1) {
    const length = data.readInt32BE(at);
    at += 4;
    fields.push(length < 0 ? null : data.subarray(at, at + length));
    if (length > 0) at += length;
  }
  return fields;
}

/** Where in `rows.data` the length of a field stands; its bytes follow. */
export function fieldAt(rows: PackedRows, index: number, position: number): number {
  const { data } = rows;
  let at = rows.offsets[index]! + 2;
  for (let i = 0; i < position; i += 1) at += 4 + Math.max(0, data.readInt32BE(at));
  return at;
}

/** The field at `position` of row `index`, without looking at those behind it. */
export function rowField(rows: PackedRows, index: number, position: number): Buffer | null {
  const { data } = rows;
  const at = fieldAt(rows, index, position);
  const length = data.readInt32BE(at);
  return length < 0 ? null : data.subarray(at + 4, at + 4 + length);
}

/** Packs rows of fields into one buffer. */
export function packRows(names: string[], rows: FieldValue[][]): PackedRows {
  const offsets = [0];
  let size = 0;
  for (const row of rows) {
    size += 2;
    for (const value of row) size += 4 + fieldLength(value);
    offsets.push(size);
  }
  const data = Buffer.allocUnsafe(size);
  let at = 0;
  for (const row of rows) {
    at = data.writeUInt16BE(row.length, at);
    for (const value of row) at = writeField(data, value, at);
  }
  return { names, data, offsets };
}

/** The chosen rows only, in the order given. */
export function selectRows(rows: PackedRows, indexes: number[]): PackedRows {
  const { names, dense } = rows;
  const offsets = [0];
  let size = 0;
  for (const index of indexes) {
    size += rows.offsets[index + 1]! - rows.offsets[index]!;
    offsets.push(size);
  }
  const data = Buffer.allocUnsafe(size);
  for (const [i, index] of indexes.entries())
    rows.data.copy(data, offsets[i]!, rows.offsets[index]!, rows.offsets[index + 1]!);
  return { names, data, offsets, dense };
}

/** A list of ids as one buffer: rows of a single field. */
export function packIds(ids: string[]): Buffer {
  const packed = packRows(
    [],
    ids.map((id) => [id]),
  );
  return packed.data;
}

/** The first field of every row, packed as by {@link packIds}. */
export function packFirstFields(rows: PackedRows): Buffer {
  const { data, offsets } = rows;
  const count = rowCount(rows);
  let size = 0;
  for (let i = 0; i < count; i += 1) size += 6 + data.readInt32BE(offsets[i]! + 2);
  const packed = Buffer.allocUnsafe(size);
  let at = 0;
  for (let i = 0; i < count; i += 1) {
    const start = offsets[i]! + 2;
    at = packed.writeUInt16BE(1, at);
    at += data.copy(packed, at, start, start + 4 + data.readInt32BE(start));
  }
  return packed;
}

/** The inverse of {@link packIds}. */
export function unpackIds(data: Buffer): string[] {
  const ids: string[] = [];
  let at = 0;
  while (at < data.length) {
    const length = data.readInt32BE(at + 2);
    ids.push(data.toString('utf8', at + 6, at + 6 + length));
    at += 6 + length;
  }
  return ids;
}

function fieldLength(value: FieldValue): number {
  if (value === null) return 0;
  return typeof value === 'string' ? Buffer.byteLength(value) : value.length;
}

function writeField(data: Buffer, value: FieldValue, at: number): number {
  if (value === null) return data.writeInt32BE(-1, at);
  if (typeof value === 'string') {
    const written = data.write(value, at + 4);
    data.writeInt32BE(written, at);
    return at + 4 + written;
  }
  data.writeInt32BE(value.length, at);
  value.copy(data, at + 4);
  return at + 4 + value.length;
}
