import { createHash } from 'node:crypto';
import type { Batch } from '../model/batch.ts';
import type { Message } from '../model/message.ts';
import {
  type FieldValue,
  type PackedRows,
  packRows,
  rowCount,
  rowField,
  selectRows,
} from '../model/packed.ts';
import { type Delayed, takeDelayed, Waiting } from './delayed.ts';
import { toEntry } from './envelope.ts';
import { compileMapping, type FieldMapping, MappingFailure } from './mapping.ts';

/** A batch in the shape of the target: what is appended, what waits, and what is set aside with its reason. */
export interface Entries {
  rows: PackedRows;
  count: number;
  /** Id of each row, made when first asked for, and the key that keeps its order. */
  readonly ids: string[];
  keys: (Buffer | null)[] | null;
  quarantined: PackedRows;
  quarantinedIds: string[];
  /** Messages that are not due yet; absent where there are none. */
  delayed?: Delayed;
  bytes: number;
}

export interface PackOptions {
  /** undefined: the default envelope. */
  fields?: FieldMapping;
  /** A message whose body is larger goes to quarantine. */
  maxBodyBytes: number;
  /** Whether the keys are needed, for a partitioned target. */
  withKeys: boolean;
  /** The target's clock in ms, by which messages are due; absent: all of them are. */
  targetNow?: () => number;
}

const NOTHING = packRows([], []);

/** Makes the function that brings batches into the target's shape. */
export function packer(options: PackOptions): (batch: Batch) => Entries {
  const shape = options.fields ? compileMapping(options.fields) : toEntry;
  return (batch) => {
    const ready = options.fields ? null : batch.rows;
    if (ready && fits(ready, options.maxBodyBytes)) return passThrough(ready, batch, options);
    return packEach(batch, shape, options);
  };
}

function fits(rows: PackedRows, maxBodyBytes: number): boolean {
  for (let i = 0; i < rowCount(rows); i += 1) {
    // A whole row within the limit cannot hold a body beyond it; only the others are looked at.
    if (rows.offsets[i + 1]! - rows.offsets[i]! <= maxBodyBytes) continue;
    if ((rowField(rows, i, 1)?.length ?? 0) > maxBodyBytes) return false;
  }
  return true;
}

function passThrough(all: PackedRows, batch: Batch, options: PackOptions): Entries {
  const waiting = new Waiting(options.targetNow, options.withKeys);
  const due = takeDelayed(all, waiting);
  const rows = due ? selectRows(all, due) : all;
  const count = rowCount(rows);
  const keyAt = rows.names.indexOf('key');
  const keyOf = (i: number): Buffer | null => (keyAt < 0 ? null : rowField(rows, i, keyAt));
  const keys = options.withKeys ? Array.from({ length: count }, (_, i) => keyOf(i)) : null;
  let ids: string[] | undefined;
  return {
    rows,
    count,
    get ids() {
      ids ??= Array.from({ length: count }, (_, i) => rowField(rows, i, 0)!.toString());
      return ids;
    },
    keys,
    quarantined: NOTHING,
    quarantinedIds: [],
    delayed: waiting.all(),
    bytes: batch.bytes,
  };
}

function packEach(batch: Batch, shape: (message: Message) => FieldValue[], options: PackOptions): Entries {
  const good: FieldValue[][] = [];
  const bad: FieldValue[][] = [];
  const entries: Entries = {
    rows: NOTHING,
    count: 0,
    ids: [],
    keys: options.withKeys ? [] : null,
    quarantined: NOTHING,
    quarantinedIds: [],
    bytes: batch.bytes,
  };
  const waiting = new Waiting(options.targetNow, options.withKeys);
  for (const message of batch.messages()) {
    const key = message.key === undefined ? null : Buffer.from(message.key);
    const time = message.notBefore === undefined ? null : Buffer.from(message.notBefore);
    const result = shapeOne(message, shape, options.maxBodyBytes);
    if (typeof result === 'string') {
      bad.push([...toEntry(message), 'reason', result, 'sha256', digest(message.body)]);
      entries.quarantinedIds.push(message.id);
      continue;
    }
    const due = waiting.dueOf(time);
    if (due !== undefined && waiting.add(due, result, message.id, key)) continue;
    good.push(result);
    entries.ids.push(message.id);
    entries.keys?.push(key);
  }
  entries.delayed = waiting.all();
  entries.rows = packRows([], good);
  entries.count = good.length;
  entries.quarantined = packRows([], bad);
  return entries;
}

/** The entry, or the reason why there is none. */
function shapeOne(
  message: Message,
  shape: (message: Message) => FieldValue[],
  maxBodyBytes: number,
): FieldValue[] | string {
  if (message.unfit !== undefined) return message.unfit;
  const size = message.body?.length ?? 0;
  if (size > maxBodyBytes) return `the body has ${size} bytes, more than --max-body-bytes ${maxBodyBytes}`;
  try {
    return shape(message);
  } catch (error) {
    if (error instanceof MappingFailure) return `mapping failed: ${error.message}`;
    throw error;
  }
}

function digest(body: Buffer | null): string {
  return createHash('sha256')
    .update(body ?? '')
    .digest('hex');
}
