import type { Client } from 'pg';
import type { Finding } from '../../model/finding.ts';
import type { TableFacts } from './catalog.ts';
import { growsByType } from './column-names.ts';
import { formatOf } from './formats/index.ts';
import { keyOrderFindings } from './key-order.ts';
import { notBeforeFindings } from './not-before-findings.ts';
import { missingPrivileges } from './privileges.ts';
import { readyMissing } from './ready-findings.ts';
import type { PostgresSpec } from './spec.ts';
import { keysetColumns } from './sql.ts';

const ROWS_MATTER_WITHOUT_INDEX = 10_000;

/** What an operator should know before the drain starts. */
export async function tableFindings(
  client: Client,
  spec: PostgresSpec,
  table: TableFacts,
): Promise<Finding[]> {
  const findings: Finding[] = await missingPrivileges(client, spec, table);
  if (table.unlogged)
    findings.push({
      level: 'note',
      code: 'UNLOGGED_TABLE',
      text: `${table.name} is UNLOGGED: a crash of Postgres empties it`,
    });
  findings.push(
    ...(await readyMissing(client, spec, table)),
    ...(await keyOrderFindings(client, spec, table)),
    ...(await notBeforeFindings(client, spec, table)),
  );
  if (spec.mode === 'copy') findings.push(...copyFindings(spec, table));
  else findings.push(...(await moveFindings(client, spec, table)));
  return findings;
}

function copyFindings(spec: PostgresSpec, table: TableFacts): Finding[] {
  const findings: Finding[] = [];
  const first = table.columns.get(keysetColumns(spec)[0]!)!;
  if (!growsByType(first)) {
    findings.push({
      level: 'warning',
      code: 'UNORDERED_ID',
      text: `${first.name} (${first.type}) does not grow: rows inserted while the copy runs may sort behind the position it has reached`,
      remedy:
        'stop the writers for the copy, or run the same command with --fresh into another stream; qctl verify names what is missing',
    });
  }
  if (table.cachedSequences.length > 0) {
    findings.push({
      level: 'warning',
      code: 'CACHED_SEQUENCE',
      text: `sequence ${table.cachedSequences[0]} hands out numbers in blocks (CACHE > 1): a session may insert low numbers late`,
      remedy: `ALTER SEQUENCE ${table.cachedSequences[0]} CACHE 1, or stop the writers for the copy`,
    });
  }
  return findings;
}

const TRIGGERS = `
  SELECT tgname AS name FROM pg_trigger
   WHERE tgrelid = $1::oid AND NOT tgisinternal AND tgenabled <> 'D' AND tgtype::int & $2::int <> 0`;
const TRIGGER_DELETE = 8;
const TRIGGER_UPDATE = 16;

async function moveFindings(client: Client, spec: PostgresSpec, table: TableFacts): Promise<Finding[]> {
  const findings = await triggerFindings(client, spec, table);
  if (!spec.claim)
    findings.push({
      level: 'note',
      code: 'NO_CLAIM_COLUMN',
      text: 'rows are locked while they are moved, not claimed: where the drain is killed, an old worker may take rows of the interrupted batch again until the run is continued',
      remedy:
        'stop the old workers, or name a text column that they leave alone unless it is NULL: --claim-column NAME',
    });
  return [...findings, ...(await orderFindings(client, spec, table))];
}

async function triggerFindings(client: Client, spec: PostgresSpec, table: TableFacts): Promise<Finding[]> {
  const event = ('set' in spec.done ? TRIGGER_UPDATE : TRIGGER_DELETE) | (spec.claim ? TRIGGER_UPDATE : 0);
  const { rows } = await client.query(TRIGGERS, [table.oid, event]);
  const own = formatOf(spec.format)?.ownTriggers;
  const others = rows.filter((row: { name: string }) => !own?.test(row.name));
  return others.map((row: { name: string }) => ({
    level: 'warning',
    code: 'TRIGGER_FIRES',
    text: `trigger ${row.name} on ${table.name} fires for every row that is settled`,
    remedy: `check what it does; ALTER TABLE ${table.name} DISABLE TRIGGER ${row.name} for the drain where it must not`,
  }));
}

async function orderFindings(client: Client, spec: PostgresSpec, table: TableFacts): Promise<Finding[]> {
  const leading = (spec.order ?? spec.id)[0]!;
  if (spec.rank !== undefined || table.estimatedRows <= ROWS_MATTER_WITHOUT_INDEX) return [];
  if (await hasIndexOn(client, table, leading)) return [];
  return [
    {
      level: 'warning',
      code: 'NO_INDEX_FOR_ORDER',
      text: `no index begins with ${leading}: every batch sorts the whole table`,
      // With a key the order is what was asked for, and the id's is most likely another.
      remedy: `CREATE INDEX CONCURRENTLY ON ${table.name} (${leading})${spec.key === undefined ? ', or order by the id' : ''}`,
    },
  ];
}

async function hasIndexOn(client: Client, table: TableFacts, column: string): Promise<boolean> {
  const { rows } = await client.query(
    `SELECT 1 FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
      WHERE i.indrelid = $1::oid AND a.attname = $2 AND i.indisvalid LIMIT 1`,
    [table.oid, column],
  );
  return rows.length > 0;
}
