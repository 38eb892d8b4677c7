import { BATCH_BYTES, BATCH_ENTRIES } from '../../../backends/sqs/limits.ts';
import type { Letter } from './letter.ts';

/**
 * Hands letters out in batches. Of a group one letter is on its way at a time, so that a failure never lets a
 * later one overtake it; letters without a group go as they come.
 */
export class Feed {
  private readonly loose: Letter[] = [];
  private readonly groups = new Map<string, Letter[]>();
  /** Groups of which no letter is on its way, in the order of their first letters. */
  private readonly free = new Set<string>();
  private onTheirWay = 0;
  private wake: (() => void)[] = [];

  constructor(letters: readonly Letter[]) {
    for (const letter of letters) {
      if (letter.group === null) this.loose.push(letter);
      else if (this.groups.has(letter.group)) this.groups.get(letter.group)!.push(letter);
      else this.groups.set(letter.group, [letter]);
    }
    this.loose.reverse();
    for (const [group, waiting] of this.groups) {
      waiting.reverse();
      this.free.add(group);
    }
  }

  /** The next batch; empty where nothing is left to be sent at all. Waits while all groups are on their way. */
  async take(): Promise<Letter[]> {
    for (;;) {
      const batch = this.next();
      if (batch.length > 0 || this.onTheirWay === 0) return batch;
      await new Promise<void>((resolve) => this.wake.push(resolve));
    }
  }

  /** A batch has come to its end; the groups in it may go on. */
  release(batch: readonly Letter[]): void {
    this.onTheirWay -= 1;
    for (const { group } of batch)
      if (group !== null && this.groups.get(group)!.length > 0) this.free.add(group);
    this.wakeAll();
  }

  /** Takes out what is left of a group: its order would be broken. */
  drop(group: string): Letter[] {
    this.free.delete(group);
    return this.groups.get(group)?.splice(0).reverse() ?? [];
  }

  /** Lets nobody wait any longer. */
  wakeAll(): void {
    for (const resolve of this.wake.splice(0)) resolve();
  }

  private next(): Letter[] {
    const batch: Letter[] = [];
    let bytes = 0;
    const fits = (letter: Letter | undefined): letter is Letter =>
      letter !== undefined &&
      batch.length < BATCH_ENTRIES &&
      (batch.length === 0 || bytes + letter.bytes <= BATCH_BYTES);
    const add = (letter: Letter): void => {
      batch.push(letter);
      bytes += letter.bytes;
    };
    while (fits(this.loose.at(-1))) add(this.loose.pop()!);
    for (const group of this.free) {
      const waiting = this.groups.get(group)!;
      if (!fits(waiting.at(-1))) break;
      add(waiting.pop()!);
      this.free.delete(group);
    }
    if (batch.length > 0) this.onTheirWay += 1;
    return batch;
  }
}
