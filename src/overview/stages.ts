import type { RedisConnection } from '../backends/redis/index.ts';
import { type GroupOfStream, readStages, type StageRow } from '../streams/index.ts';
import type { StreamRow } from './snapshot.ts';

/** All groups are asked so seldom that it takes no more than this part of the time: most record nothing. */
const SHARE = 0.01;
const LONGEST_PAUSE_MS = 60_000;

/** What consumers have recorded of their work: each time of groups that are known to record, of all others now and then. */
export class Stages {
  #recording = new Set<string>();
  #askAllAt = Number.NEGATIVE_INFINITY;
  #refused: unknown;

  /** Throws what `readStages` does, until all are asked again. */
  async rows(redis: RedisConnection, streams: readonly StreamRow[]): Promise<StageRow[]> {
    const all = streams.flatMap(({ stream, groups }) => groups.map(({ group }) => ({ stream, group })));
    if (performance.now() >= this.#askAllAt) return this.#askAll(redis, all);
    if (this.#refused !== undefined) throw this.#refused;
    return readStages(
      redis,
      all.filter((one) => this.#recording.has(keyOf(one))),
    );
  }

  /** The server is another one, or began anew. */
  forget(): void {
    this.#recording.clear();
    this.#askAllAt = Number.NEGATIVE_INFINITY;
  }

  async #askAll(redis: RedisConnection, all: readonly GroupOfStream[]): Promise<StageRow[]> {
    const from = performance.now();
    this.#refused = undefined;
    try {
      const rows = await readStages(redis, all);
      this.#recording = new Set(rows.map(keyOf));
      return rows;
    } catch (error) {
      this.#refused = error;
      throw error;
    } finally {
      const now = performance.now();
      this.#askAllAt = now + Math.min((now - from) / SHARE, LONGEST_PAUSE_MS);
    }
  }
}

function keyOf({ stream, group }: GroupOfStream): string {
  return JSON.stringify([stream, group]);
}
