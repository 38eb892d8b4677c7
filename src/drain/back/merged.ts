/**
 * Merges calls that come while one is under way into the next one, so that many senders share a round trip.
 * Each call gets its own outcome's promise, and one that fails fails all that were merged into it.
 */
export class Merged<Item, Result> {
  private readonly run: (items: Item[]) => Promise<Result>;
  private readonly most: number;
  private waiting: { items: Item[]; resolve(result: Result): void; reject(error: unknown): void }[] = [];
  private busy = false;

  /** @param most items of a merged call; a single larger one goes as it is */
  constructor(most: number, run: (items: Item[]) => Promise<Result>) {
    this.most = most;
    this.run = run;
  }

  call(items: Item[]): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ items, resolve, reject });
      if (!this.busy) void this.work();
    });
  }

  private async work(): Promise<void> {
    this.busy = true;
    while (this.waiting.length > 0) {
      const batch = this.next();
      try {
        const result = await this.run(batch.flatMap(({ items }) => items));
        for (const { resolve } of batch) resolve(result);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.busy = false;
  }

  private next() {
    let size = 0;
    const end = this.waiting.findIndex(({ items }, i) => {
      size += items.length;
      return i > 0 && size > this.most;
    });
    return this.waiting.splice(0, end < 0 ? this.waiting.length : end);
  }
}
