import { type Allocate, allocatorOf } from './allocation.ts';
import type { SampledEntry } from './sample.ts';
import { StreamModel } from './stream-memory.ts';

/** What the backlog will take in Redis. */
export interface MemoryForecast {
  /** All entries in their streams, in bytes. */
  streamBytes: number;
  /** What qctl remembers beside them, so that nothing is doubled; most of it goes with time. In bytes. */
  ledgerBytes: number;
  totalBytes: number;
  /** Mean over the sample. */
  bytesPerEntry: number;
  /** The append-only file grows by so much, in bytes. */
  aofBytes: number;
  /** Messages that this was made from. */
  sampled: number;
}

/** What of the server decides about its memory. */
export interface MemoryLayout {
  nodeMaxBytes: number | null;
  nodeMaxEntries: number | null;
  /** `mem_allocator` of INFO. */
  allocator: string | null;
}

/** As Redis is delivered. */
const NODE_MAX_BYTES = 4096;
const NODE_MAX_ENTRIES = 100;
/** So many entries fill enough nodes for their mean to stand still. */
const ENOUGH = 20_000;
const ENOUGH_BYTES = 256 * 1024 * 1024;
/** Of one argument in the protocol: its length and two line ends. */
const ARGUMENT_BYTES = 8;
/** `XADD`, the key, the id and their frame. */
const COMMAND_BYTES = 80;

/**
 * The memory of `messages` messages like those of the sample, spread over `partitions`.
 *
 * @param ledger whether the ids of settled messages are remembered one by one, as for SQS
 */
export function forecastMemory(
  sample: readonly SampledEntry[],
  messages: number,
  layout: MemoryLayout,
  { partitions, ledger }: { partitions: number; ledger: boolean },
): MemoryForecast | null {
  const entries = sample.flatMap(({ entry }) => (entry ? [entry] : []));
  if (entries.length === 0) return null;
  const allocate = allocatorOf(layout.allocator);
  const share = entries.length / sample.length;
  const modelled = model(entries, messages, layout, allocate);
  const count = messages * share;
  const streamBytes = Math.round(modelled.perEntry * count + (partitions - 1) * NODE_MAX_BYTES);
  const ledgerBytes = ledger ? settledBytes(sample, messages, allocate) : 0;
  return {
    streamBytes,
    ledgerBytes,
    totalBytes: streamBytes + ledgerBytes,
    bytesPerEntry: Math.round(modelled.perEntry),
    aofBytes: Math.round(modelled.commandBytes * count),
    sampled: sample.length,
  };
}

/** Appends the sampled entries again and again, as many as there will be or enough for the mean. */
function model(
  entries: Buffer[][],
  messages: number,
  { nodeMaxBytes, nodeMaxEntries }: MemoryLayout,
  allocate: Allocate,
): { perEntry: number; commandBytes: number } {
  const stream = new StreamModel({
    nodeMaxBytes: nodeMaxBytes ?? NODE_MAX_BYTES,
    nodeMaxEntries: nodeMaxEntries ?? NODE_MAX_ENTRIES,
    allocate,
  });
  const wanted = Math.max(1, Math.min(messages, Math.max(ENOUGH, entries.length)));
  let added = 0;
  let bytes = 0;
  while (added < wanted && bytes < ENOUGH_BYTES) {
    const entry = entries[added % entries.length]!;
    stream.add(entry);
    bytes += commandBytes(entry);
    added += 1;
  }
  return { perEntry: stream.bytes / added, commandBytes: bytes / added };
}

function commandBytes(entry: Buffer[]): number {
  return entry.reduce((sum, field) => sum + field.length + ARGUMENT_BYTES, COMMAND_BYTES);
}

const SET_ENTRY_BYTES = 32;
const BUCKET_BYTES = 8;
/** Head and end of a string. */
const STRING_BYTES = 4;

/** A set of ids: each a string, its entry in the table, and the table, which doubles as it fills. */
function settledBytes(sample: readonly SampledEntry[], messages: number, allocate: Allocate): number {
  const id = sample.reduce((sum, { id: text }) => sum + Buffer.byteLength(text), 0) / sample.length;
  const buckets = 2 ** Math.ceil(Math.log2(Math.max(4, messages)));
  return Math.round(
    messages * (SET_ENTRY_BYTES + allocate(Math.round(id) + STRING_BYTES)) + buckets * BUCKET_BYTES,
  );
}
