/** A row by its id, and where it stands: no index is needed to find it again, as long as nobody updates it. */
export interface Located {
  id: string;
  /** Its table, which may be one of many partitions, as an oid. */
  relation: string;
  /** Its place there: `(0,1)`. */
  place: string;
}

/** A row that was ready when the list was made. */
export interface Candidate extends Located {
  key: string | null;
  /** At most one row per value may be claimed at once; null: no limit. */
  single: string | null;
  /** What it looked like, where that matters. */
  version: string | null;
}

/** How many candidates are looked at beyond those wanted, where some must wait for others. */
const LOOK_BEYOND = 5000;

/**
 * A list of candidates, from which the units of a lane are chosen in order. What could not be had
 * holds back all that comes behind it under its key, until the next list is made.
 */
export class CandidateList {
  private readonly rows: Candidate[];
  private at = 0;
  /** Passed over for the moment, ahead of `rows[at]`. */
  private passed: Candidate[] = [];
  private readonly stuckKeys = new Set<string>();
  private readonly stuckSingles = new Set<string>();

  /** Whether more may stand behind its last row. */
  readonly full: boolean;

  constructor(rows: Candidate[], full: boolean) {
    this.rows = rows;
    this.full = full;
  }

  /** Keys whose rows could not be had. */
  get stuck(): string[] {
    return [...this.stuckKeys];
  }

  /** The next ones, at most `limit`; fewer, and at last none, where the list comes to its end. */
  choose(limit: number): Candidate[] {
    const chosen: Candidate[] = [];
    const passed: Candidate[] = [];
    const taken = new Set<string>();
    const waiting = new Set<string>();
    const before = this.passed;
    let looked = 0;
    while (chosen.length < limit && passed.length < LOOK_BEYOND) {
      const row = looked < before.length ? before[looked] : this.rows[this.at];
      if (!row) break;
      if (looked < before.length) looked += 1;
      else this.at += 1;
      if (this.isStuck(row)) continue;
      const waits =
        (row.single !== null && taken.has(row.single)) || (row.key !== null && waiting.has(row.key));
      if (waits) {
        if (row.key !== null) waiting.add(row.key);
        passed.push(row);
      } else {
        if (row.single !== null) taken.add(row.single);
        chosen.push(row);
      }
    }
    this.passed = looked < before.length ? [...passed, ...before.slice(looked)] : passed;
    return chosen;
  }

  /** Puts aside for good what was chosen and could not be had. */
  missed(row: Candidate): void {
    if (row.key !== null) this.stuckKeys.add(row.key);
    if (row.single !== null) this.stuckSingles.add(row.single);
  }

  private isStuck({ key, single }: Candidate): boolean {
    return (key !== null && this.stuckKeys.has(key)) || (single !== null && this.stuckSingles.has(single));
  }
}
