import { type Candidate, CandidateList } from './candidates.ts';

/** Makes a list: the first rows that are ready, without those of some keys. */
export type MakeList = (without: string[]) => Promise<{ rows: Candidate[]; full: boolean }>;

/**
 * Hands out candidates, list after list. A list is used up before the next one is made, so that a
 * table without a fitting index is sorted once for many units.
 */
export class Listing {
  private readonly make: MakeList;
  private list: CandidateList | undefined;
  /** How many of the present list could be had. */
  private had = 0;
  private without: string[] = [];

  constructor(make: MakeList) {
    this.make = make;
  }

  /** The next ones, at most `limit`; none where nothing is to be had at the moment. */
  async next(limit: number): Promise<Candidate[]> {
    for (;;) {
      if (!this.list) await this.renew();
      const { list } = this;
      const chunk = list!.choose(limit);
      if (chunk.length > 0) return chunk;
      this.list = undefined;
      if (this.had > 0) this.without = [];
      // Rows that a locked one of their key holds back may fill the whole list: others stand behind them.
      else if (list!.full && list!.stuck.length > 0) this.without.push(...list!.stuck);
      else {
        this.without = [];
        return [];
      }
    }
  }

  private async renew(): Promise<void> {
    const { rows, full } = await this.make(this.without);
    this.list = new CandidateList(rows, full);
    this.had = 0;
  }

  /** Tells which of a chunk could be had. */
  report(chunk: Candidate[], ids: string[]): void {
    this.had += ids.length;
    if (ids.length === chunk.length) return;
    const had = new Set(ids);
    for (const row of chunk) if (!had.has(row.id)) this.list?.missed(row);
  }
}
