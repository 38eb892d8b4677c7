import type { RedisConnection } from '../backends/redis/index.ts';
import { streamIdAgeMs } from '../model/stream-id.ts';
import { type DeadLetterStream, readManyFacts } from '../streams/index.ts';
import type { Rates } from './rates.ts';
import type { DeadLetterRow } from './snapshot.ts';

/** Dead-letter streams; one that is not there yet holds none. Throws as `readManyFacts`. */
export async function deadLetterRows(
  redis: RedisConnection,
  all: readonly DeadLetterStream[],
  rates: Rates,
  nowMs: number,
): Promise<{ rows: DeadLetterRow[]; denied: string[] }> {
  const names = all.map(({ stream }) => stream);
  const { facts, denied } = await readManyFacts(redis, names);
  const byName = new Map(facts.map((one) => [one.stream, one]));
  const readable = all.filter(({ stream }) => !denied.includes(stream));
  const rows = readable.map(({ stream, owners }): DeadLetterRow => {
    const found = byName.get(stream);
    const added = found ? found.entriesAdded : 0;
    return {
      stream,
      of: [...new Set(owners.map((owner) => owner.stream))],
      length: found?.length ?? 0,
      newestAgeMs: streamIdAgeMs(found?.lastId ?? null, nowMs),
      oldestAgeMs: streamIdAgeMs(found?.firstId ?? null, nowMs),
      addedPerSecond: rates.perSecond(stream, { timeMs: found?.timeMs ?? nowMs, value: added }),
    };
  });
  rates.turn();
  return { rows, denied };
}
