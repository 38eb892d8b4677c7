import { isNotKnown } from '../../sources/postgres/not-counted.ts';
import { MOST_PAGES } from './careful.ts';
import type { OpenTable } from './open.ts';
import { rowsBytes, type TableSize } from './size.ts';

const MOST_ROWS = 50_000;
const MOST_BYTES = 32 * 1024 * 1024;
/** Of fewer pages it may happen that none is met. */
const FEWEST_PAGES = 8;
/** Pages from here and there that show how many rows stand in one. */
const PROBE_PAGES = 64;

/** Some rows of a table: all of them, or those of pages from all over it. */
export interface Frame {
  /** `FROM …`, the row being `t`. */
  from: string;
  how: 'counted' | 'sampled';
  /** What a count in it must be multiplied with. */
  factor: number;
}

/** The whole of a table that is small, else a sample; how it is to be read whole is for {@link CarefulSession} to say. */
export interface Frames {
  /** Undefined where the table is too large for it. */
  whole: Frame | undefined;
  sample: Frame;
  /** What a row takes on disk, about. */
  rowBytes: number;
  pages: number;
  /** Rows of the table, as PostgreSQL has counted them lately; null where much has changed since. */
  rows: number | null;
}

/** Chooses the parts of the table that are read. */
export async function framesOf(open: OpenTable, size: TableSize): Promise<Frames> {
  const whole: Frame = { from: `FROM ${open.table.name} t`, how: 'counted', factor: 1 };
  const perPage = await rowsPerPage(open, size);
  const rowBytes = rowsBytes(size) / Math.max(1, perPage * size.pages);
  const rows = Math.min(MOST_ROWS, Math.max(1, MOST_BYTES / rowBytes));
  const wanted = perPage > 0 ? Math.ceil(rows / perPage) : MOST_PAGES;
  const pages = Math.min(MOST_PAGES, Math.max(FEWEST_PAGES, wanted));
  return {
    whole: size.pages <= MOST_PAGES ? whole : undefined,
    sample: pages >= size.pages ? whole : sampleOf(open, (100 * pages) / size.pages),
    rowBytes,
    pages: size.pages,
    rows: size.analysedRows,
  };
}

/** About `share` of the rows of a frame, from all over it. */
export function thinned(open: OpenTable, { pages }: Frames, frame: Frame, share: number): Frame {
  const fewest = (FEWEST_PAGES * frame.factor) / Math.max(1, pages);
  const kept = Math.max(share, fewest);
  return kept >= 1 ? frame : sampleOf(open, (100 / frame.factor) * kept);
}

/** Always the same pages, so that two looks at them can be compared. */
function sampleOf({ table }: OpenTable, percent: number): Frame {
  const exact = Math.min(100, Math.max(0.000_001, percent));
  return {
    from: `FROM ${table.name} t TABLESAMPLE SYSTEM (${exact}) REPEATABLE (1)`,
    how: 'sampled',
    factor: 100 / exact,
  };
}

/** Statistics of a queue are too old to be asked. */
async function rowsPerPage(open: OpenTable, { pages }: TableSize): Promise<number> {
  if (pages === 0) return 0;
  const frame = pages <= PROBE_PAGES ? undefined : sampleOf(open, (100 * PROBE_PAGES) / pages);
  const { from, factor } = frame ?? { from: `FROM ${open.table.name} t`, factor: 1 };
  try {
    const { rows } = await open.client.query<{ n: number }>(`SELECT count(*)::float8 AS n ${from}`);
    return (rows[0]!.n * factor) / pages;
  } catch (error) {
    if (isNotKnown(error)) return open.table.estimatedRows / pages;
    throw error;
  }
}
