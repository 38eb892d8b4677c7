import type { Client } from 'pg';
import { escapeIdentifier as quote } from '../../backends/postgres/index.ts';
import type { Finding } from '../../model/finding.ts';
import { plural } from '../../model/plural.ts';
import type { TableFacts } from './catalog.ts';
import { CLAIM_PREFIX, claimNames } from './claim-names.ts';
import { namedClaim } from './claim-sql.ts';
import { whereClause } from './expressions.ts';
import type { ClaimSpec, PostgresSpec } from './spec.ts';

const RUNS_NAMED = 5;

/**
 * Rows that other runs have claimed: they are neither ready nor anybody's. Which runs is known where a
 * claim is text; else only that there are such rows.
 *
 * @param replaced a run that is about to be closed, and gives its rows back by itself
 */
export async function othersClaims(
  client: Client,
  spec: PostgresSpec,
  table: TableFacts,
  run: string,
  replaced?: string,
): Promise<Finding[]> {
  const { claim } = spec;
  if (spec.mode !== 'move' || !claim?.anyones) return [];
  const { held, by = 'NULL' } = claim.anyones;
  const heldBy = (name: string): string => `(${namedClaim(claim, claimNames(name)).held})`;
  const within = spec.within === undefined ? [] : [`(${spec.within})`];
  const isReplaced = replaced === undefined ? 'false' : heldBy(replaced);
  const { rows } = await client.query<{ name: string | null; replaced: boolean; n: number }>(
    `SELECT ${by} AS name, coalesce(${isReplaced}, false) AS replaced, count(*)::float8 AS n FROM ${table.name} t
     ${whereClause([...within, held, `${heldBy(run)} IS NOT TRUE`])} GROUP BY 1, 2 ORDER BY 1, 2 LIMIT ${RUNS_NAMED}`,
  );
  return rows.map((row) => {
    const other = row.replaced ? replaced : row.name?.slice(CLAIM_PREFIX.length);
    const text = heldText(row.n, table, other);
    if (row.replaced) return { level: 'note', code: 'HELD_BY_RUN', text: `${text} until that run is closed` };
    return { level: 'warning', code: 'HELD_BY_RUN', text, remedy: remedyOf(spec, claim, table, other) };
  });
}

function heldText(n: number, table: TableFacts, run: string | undefined): string {
  const [are, they] = n === 1 ? ['is', 'it is'] : ['are', 'they are'];
  const by = run === undefined ? 'another run of qctl' : `run ${run}`;
  return `${n} ${plural(n, 'row')} of ${table.name} ${are} held by ${by}: ${they} not drained`;
}

function remedyOf(spec: PostgresSpec, claim: ClaimSpec, table: TableFacts, run: string | undefined): string {
  const own =
    run === undefined
      ? "qctl drain list shows unfinished runs: repeat that run's own command"
      : `repeat that run's own command (qctl drain status ${run})`;
  const byHand =
    run !== undefined && spec.format === 'generic'
      ? releaseText(namedClaim(claim, claimNames(run)), table)
      : 'see "Giving claimed rows back by hand" in docs/formats.md';
  return `${own}, or close it with --fresh; where no Redis knows of it any more: ${byHand}`;
}

function releaseText({ release, held }: ClaimSpec, table: TableFacts): string {
  const back = Object.entries(release).map(([column, sql]) => `${quote(column)} = ${sql}`);
  return `UPDATE ${table.name} t SET ${back.join(', ')} WHERE ${held}`;
}
