import { isUtf8 } from 'node:buffer';
import type { RedisConnection } from '../../backends/redis/index.ts';
import { eitherSignal } from '../../model/either-signal.ts';
import type { Field } from '../../model/entry.ts';
import { Interrupted } from '../../model/patience.ts';
import { streamIdTimeMs } from '../../model/stream-id.ts';
import {
  firstIdOf,
  parsePosition,
  readFacts,
  serverTimeMs,
  streamMissing,
  type TailEntry,
  type TailStart,
  tailEntries,
} from '../../streams/index.ts';
import { openText, readValue, type Value, writeValue } from '../json.ts';
import type { CompareWork, RedisInput } from '../request.ts';
import type { ReadRecord, SideReader } from './reader.ts';

/** Reads entries with XRANGE: no group, nothing is changed. */
export function redisReader(
  redis: RedisConnection,
  input: RedisInput,
  work: CompareWork,
  until: AbortSignal | undefined,
): SideReader {
  const many = input.streams.length > 1;
  let readToMs: number | undefined;
  const fixed = (ends: readonly Range[]) => {
    readToMs = Math.min(...ends.map(({ toMs }) => toMs));
  };
  return {
    label: `${redis.label} ${input.streams.join(', ')}`,
    decode: readValue,
    clock: () => serverTimeMs(redis),
    readToMs: () => readToMs,
    async *read() {
      for await (const entries of entriesOf(redis, input, work, until, fixed)) {
        yield entries.map((entry) => toRecord(entry, many));
      }
    },
  };
}

async function* entriesOf(
  redis: RedisConnection,
  input: RedisInput,
  work: CompareWork,
  until: AbortSignal | undefined,
  fixed: (ends: readonly Range[]) => void,
): AsyncGenerator<TailEntry[]> {
  const starts = await rangesOf(redis, input, until !== undefined);
  fixed(starts);
  if (!until) return yield* tailEntries(redis, { starts, follow: false }, work);
  const from = new Map(starts.map((start) => [start.stream, start.from]));
  for await (const entries of followed(redis, starts, work, until)) {
    for (const { stream, id } of entries) from.set(stream, `(${id}`);
    yield entries;
  }
  if (work.signal.aborted) return;
  // What has come since the last look, and not what comes while this is read.
  const rest = await rangesOf(redis, input, true);
  fixed(rest);
  const last = rest.map((start) => ({ ...start, from: from.get(start.stream)! }));
  yield* tailEntries(redis, { starts: last, follow: false }, work);
}

async function* followed(
  redis: RedisConnection,
  starts: readonly TailStart[],
  work: CompareWork,
  until: AbortSignal,
): AsyncGenerator<TailEntry[]> {
  const { signal, dispose } = eitherSignal(work.signal, until);
  try {
    yield* tailEntries(redis, { starts, follow: true }, { ...work, signal });
  } catch (error) {
    // Redis was away at the very end; the last look waits for it.
    if (!(error instanceof Interrupted) || work.signal.aborted) throw error;
  } finally {
    dispose();
  }
}

/** A part of a stream, and the time up to which it has all entries. */
type Range = TailStart & { toMs: number };

/** The range of each stream. Both sides end where they ended when the reading began, so that neither runs away. */
async function rangesOf(
  redis: RedisConnection,
  { streams, from = 'start', to = 'end' }: RedisInput,
  mayBeMissing: boolean,
): Promise<Range[]> {
  return Promise.all(
    streams.map(async (stream) => {
      const facts = await readFacts(redis, stream);
      if (!facts && !mayBeMissing) throw await streamMissing(redis, stream);
      const nowMs = facts?.timeMs ?? (await serverTimeMs(redis));
      const last = facts?.lastGeneratedId ?? '0-0';
      const start = parsePosition(from, nowMs);
      const first = start.kind === 'end' ? `(${last}` : firstIdOf(start);
      return { stream, from: first, ...endOf(to, nowMs, last) };
    }),
  );
}

function endOf(text: string, nowMs: number, last: string): Pick<Range, 'to' | 'toMs'> {
  const position = parsePosition(text, nowMs);
  if (position.kind === 'end') return { to: last, toMs: nowMs };
  const to = position.kind === 'start' ? '0-0' : position.kind === 'id' ? position.id : msText(position.ms);
  const toMs = position.kind === 'time' ? position.ms : streamIdTimeMs(to);
  return { to, toMs: Math.min(nowMs, toMs ?? nowMs) };
}

function msText(ms: number): string {
  return String(Math.max(0, ms));
}

function toRecord({ id, stream, fields }: TailEntry, many: boolean): ReadRecord {
  const value = viewOf(fields);
  return {
    position: many ? `${stream} ${id}` : id,
    timeMs: streamIdTimeMs(id),
    text: Buffer.from(writeValue(value)),
    value,
  };
}

/** Fields by name; a name that stands there more than once has a list. */
function viewOf(fields: readonly Field[]): Value {
  const values = new Map<string, Value[]>();
  for (const [rawName, raw] of fields) {
    const name = rawName.toString();
    const value = isUtf8(raw) ? openText(raw.toString(), name) : { base64: raw.toString('base64') };
    const known = values.get(name);
    if (known) known.push(value);
    else values.set(name, [value]);
  }
  const own = [...values].map(([name, all]): [string, Value] => [name, all.length > 1 ? all : all[0]!]);
  return Object.fromEntries(own);
}
