import { BATCH_BYTES } from '../../../backends/sqs/limits.ts';
import { Line } from '../line.ts';
import type { Letter } from './letter.ts';

/** What a standard queue takes: there is no order to keep. */
const LOOSE = '';

interface Lane {
  waiting: Line<Letter>;
  onTheWay: boolean;
}

/**
 * Letters that wait for a call, by their group. Of a group one call is on its way at a time, so that no letter
 * overtakes another one; letters without a group go as they come.
 */
export class Outbox {
  readonly #lanes = new Map<string, Lane>();
  /** Lanes that have letters and none on the way, the longest idle first. */
  readonly #free = new Set<string>();

  add(letter: Letter): void {
    const name = letter.group ?? LOOSE;
    const lane = this.#lanes.get(name) ?? { waiting: new Line(), onTheWay: false };
    this.#lanes.set(name, lane);
    lane.waiting.push(letter);
    if (!lane.onTheWay) this.#free.add(name);
  }

  /** What the next call takes: at most that many, and what fits into a call. Empty where nothing may go now. */
  take(most: number): Letter[] {
    const batch: Letter[] = [];
    let room = BATCH_BYTES;
    for (const name of this.#free) {
      const lane = this.#lanes.get(name)!;
      while (batch.length < most && lane.waiting.length > 0) {
        const { bytes } = lane.waiting.first!;
        // A letter that is larger than that goes alone.
        if (batch.length > 0 && bytes > room) return this.#sent(batch);
        batch.push(...lane.waiting.take(1));
        room -= bytes;
      }
      if (batch.length === most) break;
    }
    return this.#sent(batch);
  }

  /** A call has come to its end: the groups in it may go on. */
  release(batch: readonly Letter[]): void {
    for (const { group } of batch) {
      const lane = group === null ? undefined : this.#lanes.get(group);
      if (group === null || !lane) continue;
      lane.onTheWay = false;
      if (lane.waiting.length > 0) this.#free.add(group);
      else this.#lanes.delete(group);
    }
  }

  /** Takes out all that waits. */
  clear(): Letter[] {
    this.#free.clear();
    return [...this.#lanes.values()].flatMap(({ waiting }) => waiting.take(waiting.length));
  }

  #sent(batch: Letter[]): Letter[] {
    for (const { group } of batch) {
      const name = group ?? LOOSE;
      const lane = this.#lanes.get(name)!;
      lane.onTheWay = group !== null;
      if (lane.onTheWay || lane.waiting.length === 0) this.#free.delete(name);
    }
    return batch;
  }
}
