import type { Client, QueryConfig, QueryResult } from 'pg';
import { sqlState } from '../../backends/postgres/index.ts';
import { NotCounted } from '../../sources/postgres/not-counted.ts';
import { type PlanReads, readsOf } from './plan-cost.ts';

/** 32 MiB: no table is read from end to end that has more, and no more of several in one query. */
export const MOST_PAGES = 4000;
/** As much as 5,000 pages from here and there cost, or some 700,000 entries of an index. */
const MOST_INDEX_COST = 20_000;
/** What all the queries over tables may take together. */
const MOST_MS = 5000;
const STATEMENT_TIMEOUT_MS = 3000;

/** Costs as {@link readsOf} takes them, whatever the server is tuned to. Nothing waits, and nothing is changed. */
export const CAREFUL_SETTINGS = `
  SET default_transaction_read_only = on; SET lock_timeout = '1s'; SET statement_timeout = ${STATEMENT_TIMEOUT_MS};
  SET seq_page_cost = 1; SET random_page_cost = 4; SET max_parallel_workers_per_gather = 0`;

const TIMED_OUT = '57014';
/** Reads some table besides the server's own ones. */
const OF_TABLES = /^\s*(?:SELECT|WITH)\b[\s\S]*\b(?:FROM|JOIN)\s+(?!pg_\w|unnest\b|\()/i;
/** Even to plan a change takes a lock that gets in the way of others: what is to be changed is not asked. */
const PLANS_CHANGE = /^\s*EXPLAIN\s+(?!\()[\s\S]*\b(?:DELETE|UPDATE|INSERT)\b/i;
/** Is planned as it stands and run to no row at all. */
const NO_ROWS = /\bLIMIT 0\s*$/i;

const NO_ANSWER: QueryResult = { rows: [], rowCount: 0, command: 'EXPLAIN', oid: 0, fields: [] };

type Query = string | (QueryConfig & { queryMode?: string });

/**
 * Takes no lock but that of reading. Asks the server for a plan before each query, and runs those only that read bounded parts of tables.
 * One that would read a large table is planned once more for its indexes alone, and then left out: it fails with
 * {@link NotCounted}.
 */
export class CarefulSession {
  /** As any other client, for whoever asks questions. Not for COPY: see {@link allow}. */
  readonly client: Client;
  /** Tables that something was left out of. */
  readonly leftOut = new Set<string>();
  private readonly raw: Client;
  private spentMs = 0;

  constructor(raw: Client) {
    this.raw = raw;
    const query = (query: Query, values?: unknown[]): Promise<QueryResult> => this.ask(query, values);
    this.client = Object.create(raw, { query: { value: query } });
  }

  /** Runs something with the session itself, where a query may be run. */
  async allow<T>(query: string, run: (client: Client) => Promise<T>): Promise<T> {
    return this.judged({ text: query }, [], () => run(this.raw));
  }

  /** Asks for something that there is another way to learn: nothing is missing where it is left out. */
  async attempt<T>(ask: () => Promise<T>): Promise<T> {
    const before = [...this.leftOut];
    try {
      return await ask();
    } finally {
      this.leftOut.clear();
      for (const table of before) this.leftOut.add(table);
    }
  }

  private ask(query: Query, values?: unknown[]): Promise<QueryResult> {
    const text = typeof query === 'string' ? query : query.text;
    if (PLANS_CHANGE.test(text)) return Promise.resolve(NO_ANSWER);
    const run = (): Promise<QueryResult> => this.raw.query(query as QueryConfig, values);
    if (!OF_TABLES.test(text) || NO_ROWS.test(text)) return run();
    return this.judged({ text }, values ?? (typeof query === 'string' ? [] : (query.values ?? [])), run);
  }

  private async judged<T>(query: { text: string }, values: unknown[], run: () => Promise<T>): Promise<T> {
    const reads = await this.reads(query.text, values);
    const tooLarge = await this.tooLarge(reads);
    if (tooLarge.length === 0) return this.timed(reads, run);
    return this.byIndex(query.text, values, tooLarge, run);
  }

  private async byIndex<T>(
    text: string,
    values: unknown[],
    tooLarge: string[],
    run: () => Promise<T>,
  ): Promise<T> {
    await this.raw.query('SET enable_seqscan = off');
    try {
      const reads = await this.reads(text, values);
      if ((await this.tooLarge(reads)).length > 0) throw this.left(tooLarge, 'it reads too much');
      return await this.timed(reads, run);
    } finally {
      await this.raw.query('RESET enable_seqscan');
    }
  }

  private async reads(text: string, values: unknown[]): Promise<PlanReads> {
    const query: QueryConfig & { queryMode: string } = {
      text: `EXPLAIN (FORMAT JSON, VERBOSE) ${text}`,
      values,
      queryMode: 'extended',
    };
    const { rows } = await this.raw.query(query);
    return readsOf(rows[0]['QUERY PLAN'][0].Plan);
  }

  private async tooLarge({ whole, indexed }: PlanReads): Promise<string[]> {
    const costly = indexed.filter(({ cost }) => cost > MOST_INDEX_COST).map(({ table }) => table);
    const cost = whole.reduce((sum, one) => sum + one.cost, 0);
    if (cost <= MOST_PAGES || whole.length === 0) return costly;
    const { rows } = await this.raw.query<{ pages: number }>(
      `SELECT sum(pg_relation_size(format('%I.%I', s, r)::regclass) / current_setting('block_size')::int)::float8 AS pages
         FROM unnest($1::text[], $2::text[]) q (s, r)`,
      [whole.map(({ schema }) => schema), whole.map(({ relation }) => relation)],
    );
    return rows[0]!.pages <= MOST_PAGES ? costly : [...costly, ...whole.map(({ table }) => table)];
  }

  private async timed<T>(reads: PlanReads, run: () => Promise<T>): Promise<T> {
    const tables = [...reads.whole, ...reads.indexed].map(({ table }) => table);
    if (this.spentMs > MOST_MS) throw this.left(tables, 'there is no time left');
    const started = performance.now();
    try {
      return await run();
    } catch (error) {
      if (sqlState(error) === TIMED_OUT) throw this.left(tables, 'it takes too long');
      throw error;
    } finally {
      this.spentMs += performance.now() - started;
    }
  }

  private left(tables: string[], why: string): NotCounted {
    for (const table of tables) this.leftOut.add(table);
    return new NotCounted(tables, why);
  }
}

/** The same for a session of somebody else's, who asks in its place from now on. */
export async function askingCarefully(raw: Client): Promise<Client> {
  await raw.query(CAREFUL_SETTINGS);
  return new CarefulSession(raw).client;
}
