import { History } from './history.ts';
import type { Series } from './overview.ts';
import type { RedisRow, Snapshot, StreamRow } from './snapshot.ts';

const OF_STREAM = [
  'length',
  'inPerSecond',
  'outPerSecond',
  'lag',
  'pending',
  'oldestPendingAgeMs',
] as const satisfies (keyof StreamRow)[];
const OF_REDIS = [
  'usedMemoryBytes',
  'clients',
  'operationsPerSecond',
  'hitRatio',
] as const satisfies (keyof RedisRow)[];
const REDIS = 'redis';

/** What is remembered of the looks, for charts. */
export class Histories {
  readonly #streams: History;
  readonly #redis: History;

  constructor(points: number) {
    this.#streams = new History(OF_STREAM, points);
    this.#redis = new History(OF_REDIS, points);
  }

  remember({ at, streams, redis, missing }: Snapshot): void {
    const atMs = Date.parse(at);
    this.#redis.push(atMs, [[REDIS, OF_REDIS.map((name) => redis[name])]]);
    // What could not be looked at this time is not gone.
    if (streams.length === 0 && missing.some(({ part }) => part === 'streams')) this.#streams.pushGap(atMs);
    else
      this.#streams.push(
        atMs,
        streams.map((row) => [row.stream, OF_STREAM.map((name) => row[name])] as const),
      );
  }

  /** Nothing is known for a while from here on. */
  gap(atMs: number): void {
    this.#redis.pushGap(atMs);
    this.#streams.pushGap(atMs);
  }

  stream(stream: string): Series | undefined {
    return this.#streams.of(stream);
  }

  redis(): Series {
    return (
      this.#redis.of(REDIS) ?? { at: [], values: Object.fromEntries(OF_REDIS.map((name) => [name, []])) }
    );
  }
}
