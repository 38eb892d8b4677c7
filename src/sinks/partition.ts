import { partitionOf } from '../model/keys.ts';
import { selectRows } from '../model/packed.ts';
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
  const good = group(entries.ids, partitions, (i) => entries.keys?.[i] ?? null);
  const bad = group(entries.quarantinedIds, partitions, () => null);
  const later = group(entries.delayed?.ids ?? [], partitions, (i) => entries.delayed?.keys?.[i] ?? null);
  const parts: Part[] = [];
  for (let partition = 0; partition < partitions; partition += 1) {
    const rows = good[partition]!;
    const held = bad[partition]!;
    const waiting = later[partition]!;
    if (!all && rows.length + held.length + waiting.length === 0) continue;
    const delayed = entries.delayed && chooseDelayed(entries.delayed, waiting);
    parts.push({ partition, entries: { ...choose(entries, rows, held, partition === 0), delayed } });
  }
  return parts;
}

/** Which partition holds a message. */
export function partitionFor(id: string, key: Buffer | null, partitions: number): number {
  return partitions === 1 ? 0 : partitionOf(key ?? Buffer.from(id), partitions);
}

function group(ids: string[], partitions: number, keyOf: (i: number) => Buffer | null): number[][] {
  const groups: number[][] = Array.from({ length: partitions }, () => []);
  ids.forEach((id, i) => {
    groups[partitionFor(id, keyOf(i), partitions)]!.push(i);
  });
  return groups;
}

function choose(entries: Entries, rows: number[], held: number[], first: boolean): Entries {
  return {
    rows: selectRows(entries.rows, rows),
    count: rows.length,
    ids: rows.map((i) => entries.ids[i]!),
    keys: null,
    quarantined: selectRows(entries.quarantined, held),
    quarantinedIds: held.map((i) => entries.quarantinedIds[i]!),
    bytes: first ? entries.bytes : 0,
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
