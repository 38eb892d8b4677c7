import { sqlState } from '../../backends/postgres/index.ts';
import { fieldExpressions } from '../../sources/postgres/expressions.ts';
import { isNotKnown } from '../../sources/postgres/not-counted.ts';
import type { Figure, How } from '../figure.ts';
import type { OpenTable } from './open.ts';
import type { Sample } from './sample.ts';

/** How large the bodies of ready messages are, as they come out of the database. */
export interface BodySizes {
  /** Messages that it was found in. */
  messages: number;
  /** Null where all bodies are NULL, and so are those below. */
  minBytes: number | null;
  p50Bytes: number | null;
  p90Bytes: number | null;
  p99Bytes: number | null;
  maxBytes: number | null;
  /** Bodies that are NULL. */
  nullBodies: number;
  /** Bodies above what a drain was told to take. */
  tooLarge: number;
  how: How;
}

const MOST_ROWS = 20_000;
const MOST_BYTES = 32 * 1024 * 1024;
const BAD_DATA = '22';

/** Sizes of the bodies of some ready rows, or of all of them where these are few; null where there is none. */
export async function bodySizes(
  open: OpenTable,
  from: (limit: number) => string,
  ready: Figure,
  sample: Sample,
  maxBodyBytes: number,
): Promise<BodySizes | null> {
  const { spec, table, client } = open;
  const body = fieldExpressions(spec, table, 't')[1]![1];
  const each = sample.rows === 0 ? 1 : sample.bytes / sample.rows;
  const limit = Math.max(1, Math.min(MOST_ROWS, Math.floor(MOST_BYTES / each)));
  const quantile = (q: number): string => `percentile_disc(${q}) WITHIN GROUP (ORDER BY bytes)`;
  try {
    const { rows } = await client.query<Omit<BodySizes, 'how'>>(
      `SELECT count(*)::float8 AS messages, min(bytes) AS "minBytes", ${quantile(0.5)} AS "p50Bytes",
              ${quantile(0.9)} AS "p90Bytes", ${quantile(0.99)} AS "p99Bytes", max(bytes) AS "maxBytes",
              count(*) FILTER (WHERE bytes IS NULL)::float8 AS "nullBodies",
              count(*) FILTER (WHERE bytes > $1)::float8 AS "tooLarge"
         FROM (SELECT octet_length(${body}) AS bytes ${from(limit)} LIMIT ${limit}) s`,
      [maxBodyBytes],
    );
    const found = rows[0]!;
    const all = ready.how === 'counted' && found.messages === ready.value;
    return found.messages === 0 ? null : { ...found, how: all ? 'counted' : 'sampled' };
  } catch (error) {
    if (isNotKnown(error) || sqlState(error)?.startsWith(BAD_DATA)) return null;
    throw error;
  }
}
