import { type Client, escapeIdentifier as quote } from 'pg';
import type { Finding } from '../../model/finding.ts';
import { plural } from '../../model/plural.ts';
import type { TableFacts } from './catalog.ts';
import { CLAIM_PREFIX, claimNames, FIRST_CLAIM_TIME } from './claim-names.ts';
import { namedClaim } from './claim-sql.ts';
import type { PostgresSpec } from './spec.ts';

const RUNS_NAMED = 5;
const TEXT = /^(text|character varying|character|citext|name)/;
const TIME = /^timestamp/;

/**
 * Rows that other runs have claimed: they are neither ready nor anybody's. Which runs is known where a
 * claim is text; where it is a time only that there are such rows; a uuid tells nothing.
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
  if (spec.mode !== 'move' || !spec.claim) return [];
  const own = namedClaim(spec.claim, claimNames(run)).held;
  const findings: Finding[] = [];
  for (const [column, value] of Object.entries(spec.claim.set)) {
    const type = table.columns.get(column)?.type ?? '';
    if (value === ':text' && TEXT.test(type))
      findings.push(...(await byName(client, spec, table, { column, own, replaced })));
    else if (value === ':time' && TIME.test(type))
      findings.push(...(await byTime(client, table, column, own)));
  }
  return findings;
}

async function byName(
  client: Client,
  spec: PostgresSpec,
  table: TableFacts,
  { column, own, replaced }: { column: string; own: string; replaced?: string },
): Promise<Finding[]> {
  const name = `t.${quote(column)}`;
  const { rows } = await client.query(
    `SELECT ${name}::text AS claim, count(*)::float8 AS n FROM ${table.name} t
      WHERE starts_with(${name}::text, '${CLAIM_PREFIX}') AND (${own}) IS NOT TRUE GROUP BY 1 ORDER BY 1 LIMIT ${RUNS_NAMED}`,
  );
  const back = Object.entries(spec.claim!.release)
    .map(([released, sql]) => `${quote(released)} = ${sql}`)
    .join(', ');
  return rows.map(({ claim, n }: { claim: string; n: number }): Finding => {
    const other = claim.slice(CLAIM_PREFIX.length);
    const text = `${n} ${plural(n, 'row')} of ${table.name} ${n === 1 ? 'is' : 'are'} held by run ${other}: ${n === 1 ? 'it is' : 'they are'} not drained`;
    if (other === replaced)
      return { level: 'note', code: 'HELD_BY_RUN', text: `${text} until that run is closed` };
    return {
      level: 'warning',
      code: 'HELD_BY_RUN',
      text,
      remedy: `repeat that run's own command (qctl drain status ${other}), or close it with --fresh; where no Redis knows of it any more: UPDATE ${table.name} SET ${back} WHERE ${quote(column)} = '${claim.replaceAll("'", "''")}'`,
    };
  });
}

async function byTime(client: Client, table: TableFacts, column: string, own: string): Promise<Finding[]> {
  const { rows } = await client.query(
    `SELECT count(*)::float8 AS n FROM ${table.name} t
      WHERE t.${quote(column)} >= '${FIRST_CLAIM_TIME}'::timestamptz AND t.${quote(column)} < 'infinity' AND (${own}) IS NOT TRUE`,
  );
  const { n } = rows[0] as { n: number };
  if (n === 0) return [];
  return [
    {
      level: 'warning',
      code: 'HELD_BY_RUN',
      text: `${n} ${plural(n, 'row')} of ${table.name} ${n === 1 ? 'is' : 'are'} held by another run of qctl (${column} is in the year 2999 or later): not drained`,
      remedy:
        'qctl drain list shows unfinished runs; repeat the command of that run, or close it with --fresh',
    },
  ];
}
