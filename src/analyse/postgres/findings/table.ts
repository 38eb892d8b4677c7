import { escapeIdentifier as quote } from '../../../backends/postgres/index.ts';
import { formatBytes } from '../../../model/bytes.ts';
import type { Finding } from '../../../model/finding.ts';
import { rowsIfAllowed } from '../../../sources/postgres/formats/relations.ts';
import type { Counts } from '../counts.ts';
import type { OpenTable } from '../open.ts';
import { rowsBytes, type TableSize } from '../size.ts';

/** Below that nothing of it matters. */
const DEAD_ROWS_MATTER = 10_000;
const DEAD_SHARE = 0.5;
const BYTES_MATTER = 1024 * 1024;
const PAGES_WITHOUT_INDEX = 1000;
/** With more of them ready, the order's own index meets them soon enough. */
const READY_SHARE = 0.2;

/** What the table's size and its statistics say. */
export function sizeFindings({ table }: OpenTable, size: TableSize): Finding[] {
  const { liveRows, deadRows, neverAnalysed } = size;
  const findings: Finding[] = [];
  const all = (liveRows ?? 0) + (deadRows ?? 0);
  if (deadRows !== null && deadRows >= DEAD_ROWS_MATTER && deadRows / all >= DEAD_SHARE)
    findings.push({
      level: 'warning',
      code: 'BLOAT',
      text: `${deadRows} of ${all} rows of ${table.name} are dead (${formatBytes(rowsBytes(size))} with them): every batch walks past those`,
      remedy: `VACUUM (ANALYZE) ${table.name}; where it leaves them, a long transaction holds them`,
    });
  if (neverAnalysed && rowsBytes(size) >= BYTES_MATTER)
    findings.push({
      level: 'note',
      code: 'NOT_ANALYSED',
      text: `PostgreSQL has no statistics of ${table.name} (${formatBytes(rowsBytes(size))}): it was never analysed, and its plans are guesses`,
      remedy: `ANALYZE ${table.name}`,
    });
  return findings;
}

/** Of a table that the operator describes; a job library brings indexes of its own. */
export function indexFindings(
  { table, spec, known }: OpenTable,
  index: string | null,
  size: TableSize,
  counts: Counts,
): Finding[] {
  if (known || spec.ready === undefined || index !== null || size.pages < PAGES_WITHOUT_INDEX) return [];
  const share =
    counts.ready.value === null || !counts.rows.value ? 0 : counts.ready.value / counts.rows.value;
  if (share >= READY_SHARE) return [];
  const order = (spec.order ?? spec.id).map(quote).join(', ');
  return [
    {
      level: 'warning',
      code: 'NO_INDEX_FOR_READY',
      text: `no index of ${table.name} finds the ready rows, about ${percent(share)} of all: each batch walks past the others`,
      remedy: /\bnow\(\)|current_|clock_/i.test(spec.ready)
        ? `an index on the columns of the condition (${spec.ready}), made with CREATE INDEX CONCURRENTLY`
        : `CREATE INDEX CONCURRENTLY ON ${table.name} (${order}) WHERE ${spec.ready}`,
    },
  ];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.01 ? 2 : 0)} %`;
}

/** Policies that keep rows from this user. */
export async function rowSecurityFindings({ client, table }: OpenTable): Promise<Finding[]> {
  const { rows } = await client.query<{ active: boolean }>('SELECT row_security_active($1::oid) AS active', [
    table.oid,
  ]);
  if (!rows[0]!.active) return [];
  return [
    {
      level: 'warning',
      code: 'ROW_SECURITY',
      text: `row-level security of ${table.name} applies to user ${client.user ?? '…'}: rows that its policies hide are not drained, and nobody is told of them`,
      remedy: `ALTER ROLE ${quote(client.user ?? '…')} BYPASSRLS, or drain as the owner of the table`,
    },
  ];
}

/** Jobs of pg_cron whose command names the table: most of them delete old rows. */
export async function retentionFindings({ client, table }: OpenTable): Promise<Finding[]> {
  // What is asked for and is not there stands in the log of the server.
  const { rows } = await client.query<{ there: boolean }>(
    `SELECT to_regclass('cron.job') IS NOT NULL AS there`,
  );
  if (!rows[0]!.there) return [];
  const jobs = await rowsIfAllowed<{ id: string; schedule: string }>(
    client,
    `SELECT jobid::text AS id, schedule FROM cron.job
      WHERE active AND database = current_database() AND command ~* ('\\m' || $1 || '\\M') ORDER BY jobid LIMIT 5`,
    [table.relation.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')],
  );
  return jobs.map(({ id, schedule }) => ({
    level: 'warning',
    code: 'RETENTION_JOB',
    text: `job ${id} of pg_cron (${schedule}) works on ${table.name}: what it deletes before the drain has come to it is not in the stream`,
    remedy: `look at its command in cron.job, and SELECT cron.unschedule(${id}) for the drain where it deletes rows`,
  }));
}
