import type { RedisConnection } from '../backends/redis/index.ts';
import { streamIdAgeMs } from '../model/stream-id.ts';
import { type DeadLetterStream, readManyFacts } from '../streams/index.ts';
import { type Counter, perSecond } from './rates.ts';
import type { DeadLetterRow } from './snapshot.ts';

/** What {@link deadLetterRows} has seen. */
export interface DeadLetterLook {
  rows: DeadLetterRow[];
  denied: string[];
  /** What was ever added to each; for the next look. */
  added: ReadonlyMap<string, Counter>;
}

/** Dead-letter streams; one that is not there yet holds none. Throws as `readManyFacts`. */
export async function deadLetterRows(
  redis: RedisConnection,
  all: readonly DeadLetterStream[],
  before: ReadonlyMap<string, Counter>,
  nowMs: number,
): Promise<DeadLetterLook> {
  const names = all.map(({ stream }) => stream);
  const { facts, denied } = await readManyFacts(redis, names);
  const byName = new Map(facts.map((one) => [one.stream, one]));
  const added = new Map<string, Counter>();
  const readable = all.filter(({ stream }) => !denied.includes(stream));
  const rows = readable.map(({ stream, owners }): DeadLetterRow => {
    const found = byName.get(stream);
    const counter = { timeMs: found?.timeMs ?? nowMs, value: found ? found.entriesAdded : 0 };
    added.set(stream, counter);
    return {
      stream,
      of: [...new Set(owners.map((owner) => owner.stream))],
      length: found?.length ?? 0,
      newestAgeMs: streamIdAgeMs(found?.lastId ?? null, nowMs),
      oldestAgeMs: streamIdAgeMs(found?.firstId ?? null, nowMs),
      addedPerSecond: perSecond(before.get(stream), counter),
    };
  });
  return { rows, denied, added };
}
