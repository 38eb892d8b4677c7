import { partitionOf } from '../model/keys.ts';
import { rowCount, rowField, selectRows } from '../model/packed.ts';
import type { Delayed } from '../transform/delayed.ts';
import type { Entries } from '../transform/pack.ts';

/** The entries of one partition. */
export interface Part {
  partition: number;
  entries: Entries;
}

/**
 * Splits a batch by partition: by key where a message has one, so that its order holds, else by id.
 * `all` keeps empty parts as well, for a position that every partition must reach.
 */
export function partitioned(entries: Entries, partitions: number, all: boolean): Part[] {
  if (partitions === 1) return [{ partition: 0, entries }];
  const good = group(rowCount(entries.rows), partitions, nameOf(entries));
  const bad = group(entries.quarantinedIds.length, partitions, (i) =>
    Buffer.from(entries.quarantinedIds[i]!),
  );
  const { ids: laterIds = [], keys: laterKeys } = entries.delayed ?? {};
  const later = group(laterIds.length, partitions, (i) => laterKeys?.[i] ?? Buffer.from(laterIds[i]!));
  const parts: Part[] = [];
  for (let partition = 0; partition < partitions; partition += 1) {
    const rows = good[partition]!;
    const held = bad[partition]!;
    const waiting = later[partition]!;
    if (!all && rows.length + held.length + waiting.length === 0) continue;
    const delayed = entries.delayed && chooseDelayed(entries.delayed, waiting);
    parts.push({ partition, entries: choose(entries, { rows, held, delayed }, partition === 0) });
  }
  return parts;
}

/** Which partition holds a message. */
export function partitionFor(id: string, key: Buffer | null, partitions: number): number {
  return partitions === 1 ? 0 : partitionOf(key ?? Buffer.from(id), partitions);
}

/** What decides the partition of a row: its key, or its id, read where it stands if it does. */
function nameOf(entries: Entries): (i: number) => Buffer {
  const { rows, keys } = entries;
  const idOf =
    rows.names[0] === 'id'
      ? (i: number) => rowField(rows, i, 0)!
      : (i: number) => Buffer.from(entries.ids[i]!);
  return keys ? (i) => keys[i] ?? idOf(i) : idOf;
}

function group(count: number, partitions: number, nameAt: (i: number) => Buffer): number[][] {
  const groups: number[][] = Array.from({ length: partitions }, () => []);
  for (let i = 0; i < count; i += 1) groups[partitionOf(nameAt(i), partitions)]!.push(i);
  return groups;
}

function choose(
  entries: Entries,
  { rows, held, delayed }: { rows: number[]; held: number[]; delayed: Delayed | undefined },
  first: boolean,
): Entries {
  let ids: string[] | undefined;
  return {
    rows: selectRows(entries.rows, rows),
    count: rows.length,
    get ids() {
      ids ??= rows.map((i) => entries.ids[i]!);
      return ids;
    },
    keys: null,
    quarantined: selectRows(entries.quarantined, held),
    quarantinedIds: held.map((i) => entries.quarantinedIds[i]!),
    bytes: first ? entries.bytes : 0,
    delayed,
  };
}

function chooseDelayed({ rows, ids, dueMs }: Delayed, chosen: number[]): Delayed | undefined {
  if (chosen.length === 0) return undefined;
  return {
    rows: selectRows(rows, chosen),
    ids: chosen.map((i) => ids[i]!),
    dueMs: chosen.map((i) => dueMs[i]!),
    keys: null,
  };
}
