import type { RedisConnection } from '../backends/redis/index.ts';
import { isAway, whyOf } from './away.ts';
import type { Snapshot, SnapshotPart } from './snapshot.ts';

/** What could not be looked at, part by part, so that one refusal does not hide the rest. */
export class Missing {
  readonly all: Snapshot['missing'] = [];
  readonly #redis: RedisConnection;
  readonly #heard: () => void;

  /** @param heard called with each answer */
  constructor(redis: RedisConnection, heard: () => void) {
    this.#redis = redis;
    this.#heard = heard;
  }

  note(part: SnapshotPart, why: string): void {
    this.all.push({ part, why });
  }

  /** Notes the first of some failures that hide a row each. */
  noteSome(part: SnapshotPart, failures: readonly unknown[]): void {
    if (failures.length === 0) return;
    const more = failures.length > 1 ? `, and ${failures.length - 1} more` : '';
    this.note(part, `${whyOf(failures[0])}${more}`);
  }

  /** Throws where Redis is away; whatever else fails is noted. */
  async unless<T>(part: SnapshotPart, none: T, ask: () => Promise<T>): Promise<T> {
    try {
      const answer = await ask();
      this.#heard();
      return answer;
    } catch (error) {
      if (isAway(error, this.#redis)) throw error;
      this.note(part, whyOf(error));
      return none;
    }
  }
}
