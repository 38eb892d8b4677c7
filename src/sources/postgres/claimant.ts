import type { Client } from 'pg';
import { sqlState } from '../../backends/postgres/index.ts';
import type { Candidate, Located } from './candidates.ts';
import type { ClaimStatements } from './claim-sql.ts';

/** Rows that a statement locks by advisory locks at once: the server's lock table is small. */
const LOCKS_AT_ONCE = 500;
const UNIQUE_VIOLATION = '23505';

/** Claims candidates in the source, each chunk in one statement that is committed at once. */
export class Claimant {
  private readonly client: Client;
  private readonly sql: ClaimStatements;
  /** Keys of the session locks on what has been claimed and not been settled. */
  private locks: string[] = [];

  constructor(client: Client, sql: ClaimStatements) {
    this.client = client;
    this.sql = sql;
  }

  /** How many rows may be claimed at once. */
  atMost(wanted: number): number {
    return this.sql.lock === undefined ? wanted : Math.min(wanted, LOCKS_AT_ONCE);
  }

  /** Those candidates that could be had, in their order. */
  claim(chunk: Candidate[]): Promise<Located[]> {
    return this.sql.lock === undefined ? this.update(chunk) : this.lockAndUpdate(chunk, this.sql.lock);
  }

  /**
   * The locks stay until the rows are settled: a worker that looked before the claim and gets the lock
   * afterwards would take the row as it saw it.
   */
  async unlock(): Promise<void> {
    const keys = this.locks;
    this.locks = [];
    if (keys.length > 0) await this.client.query(this.sql.unlock, [keys]);
  }

  private async lockAndUpdate(chunk: Candidate[], lock: string): Promise<Located[]> {
    const { rows } = await this.client.query(lock, listsOf(chunk));
    const got = new Map<string, string>(rows.filter((row) => row.got).map((row) => [row.id, row.key]));
    const claimed = await this.update(chunk, got);
    for (const { id } of claimed) {
      this.locks.push(got.get(id)!);
      got.delete(id);
    }
    // Where the claim fails instead, the session ends, and its locks with it.
    if (got.size > 0) await this.client.query(this.sql.unlock, [[...got.values()]]);
    return claimed;
  }

  /**
   * A row that must be the only one of its value and is not makes the whole statement fail: then the
   * chunk is halved until that row stands alone.
   */
  private async update(chunk: Candidate[], got?: Map<string, string>): Promise<Located[]> {
    if (chunk.length === 0) return [];
    try {
      const { rows } = await this.client.query(this.sql.claim, [
        ...listsOf(chunk),
        chunk.map(({ key }) => key),
        chunk.map(({ version }) => version),
        got ? chunk.map(({ id }) => got.has(id)) : null,
      ]);
      return rows;
    } catch (error) {
      if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
      if (chunk.length === 1) return [];
    }
    const middle = Math.ceil(chunk.length / 2);
    const first = chunk.slice(0, middle);
    const claimed = await this.update(first, got);
    return [...claimed, ...(await this.update(behind(chunk.slice(middle), first, claimed), got))];
  }
}

/** Of `rest`, those that overtake nothing that could not be had. */
function behind(rest: Candidate[], first: Candidate[], claimed: Located[]): Candidate[] {
  const had = new Set(claimed.map(({ id }) => id));
  const stuck = new Set(first.flatMap(({ id, key }) => (had.has(id) || key === null ? [] : [key])));
  return rest.filter(({ key }) => key === null || !stuck.has(key));
}

/** Ids, relations and places, as statements take them. */
export function listsOf(rows: Located[]): [ids: string[], relations: string[], places: string[]] {
  return [rows.map(({ id }) => id), rows.map(({ relation }) => relation), rows.map(({ place }) => place)];
}
