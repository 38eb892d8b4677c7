import type { Client } from 'pg';
import type { Message } from '../../model/message.ts';
import { type PackedRows, rowCount } from '../../model/packed.ts';
import type { CandidateStatement } from './candidate-sql.ts';
import type { Candidate } from './candidates.ts';
import { copyRows } from './copy-rows.ts';
import type { MakeList } from './listing.ts';
import { fieldText, rowsToMessages } from './rows-batch.ts';

/** Whether a message is to be taken. */
export type Matches = (message: Message) => boolean;

export interface ListOptions {
  sql: CandidateStatement;
  /** Rows that one list names. */
  limit: number;
  /** Whether the order is one that hardly has an index. */
  ranked: boolean;
  /** Absent: every row. */
  matches?: Matches;
}

const PART_ROWS = 5000;
const PART_BYTES = 1024 * 1024;
/** A list is long, and its order may have no index: then the server knows better than the settings of a reader. */
const JOINS = 'SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on';
const FREE = `${JOINS}; SET LOCAL enable_seqscan = on; SET LOCAL enable_bitmapscan = on; SET LOCAL enable_sort = on`;
/** With a filter a list reads everything: not again at once where it has found nothing. */
const PAUSE_MS = 1000;
const PAUSE_FACTOR = 3;

/** Makes lists of the first ready rows of a lane, in order. Locks nothing. */
export function listMaker(client: () => Client, options: ListOptions): MakeList {
  let notBefore = 0;
  return async (without) => {
    const started = performance.now();
    if (options.matches && started < notBefore) return { rows: [], full: false };
    const list = await makeList(client(), options, without);
    const took = performance.now() - started;
    if (list.rows.length === 0) notBefore = performance.now() + Math.max(PAUSE_MS, took * PAUSE_FACTOR);
    return list;
  };
}

async function makeList(
  client: Client,
  { sql, limit, ranked, matches }: ListOptions,
  without: string[],
): ReturnType<MakeList> {
  await client.query(`BEGIN READ ONLY; ${ranked ? FREE : JOINS}`);
  // Which rows match shows only here, so that the server cannot be told when to stop.
  const query = sql.query(matches ? undefined : limit, without);
  const stream = copyRows(client, query, sql.fields, PART_ROWS, PART_BYTES);
  const rows: Candidate[] = [];
  let full = false;
  for (let part = await stream.next(); part; part = await stream.next()) {
    full ||= rows.length >= limit;
    if (full) continue;
    const messages = matches ? rowsToMessages(part) : undefined;
    for (let i = 0; i < rowCount(part); i += 1)
      if (!messages || matches!(messages[i]!)) rows.push(candidate(part, i, sql.at));
  }
  await client.query('COMMIT');
  return { rows, full: full || rows.length >= limit };
}

function candidate(part: PackedRows, row: number, at: number): Candidate {
  const field = (position: number): string | null => fieldText(part, row, at + position);
  return {
    id: field(0)!,
    relation: field(1)!,
    place: field(2)!,
    key: field(3),
    single: field(4),
    version: field(5),
  };
}
