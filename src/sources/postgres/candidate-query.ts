import type { Client } from 'pg';
import { rowCount } from '../../model/packed.ts';
import type { Candidate } from './candidates.ts';
import type { ClaimStatements } from './claim-sql.ts';
import { copyRows } from './copy-rows.ts';
import { fieldText } from './rows-batch.ts';

const PART_ROWS = 5000;
const PART_BYTES = 1024 * 1024;
/** A list is long, and its order may have no index: then the server knows better than the settings of a reader. */
const FREE =
  'SET LOCAL enable_seqscan = on; SET LOCAL enable_bitmapscan = on; SET LOCAL enable_sort = on; SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on';
const JOINS = 'SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on';

export interface ListOptions {
  limit: number;
  /** Keys to be left out. */
  without: string[];
  /** Whether the order is one that hardly has an index. */
  ranked: boolean;
}

/** Lists the first ready rows of a lane, in order. Locks nothing. */
export async function listCandidates(
  client: Client,
  sql: ClaimStatements,
  { limit, without, ranked }: ListOptions,
): Promise<Candidate[]> {
  await client.query(`BEGIN READ ONLY; ${ranked ? FREE : JOINS}`);
  const query = sql.candidates(limit, without);
  const rows = copyRows(client, query, sql.candidateFields, PART_ROWS, PART_BYTES);
  const candidates: Candidate[] = [];
  for (let part = await rows.next(); part; part = await rows.next()) {
    for (let i = 0; i < rowCount(part); i += 1) {
      const field = (position: number): string | null => fieldText(part!, i, position);
      candidates.push({ id: field(0)!, key: field(1), single: field(2), version: field(3) });
    }
  }
  await client.query('COMMIT');
  return candidates;
}
