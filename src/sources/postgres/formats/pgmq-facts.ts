import type { Client } from 'pg';
import { escapeLiteral } from '../../../backends/postgres/index.ts';
import type { Finding } from '../../../model/finding.ts';
import { plural } from '../../../model/plural.ts';
import type { FormatChoice, FoundQueue, LiveWorker } from './format.ts';
import type { PgmqQueue } from './pgmq.ts';
import { qualified, rowsIfAllowed, tablesNamed } from './relations.ts';

/** A message that has been read and is invisible is with a reader; pgmq does not know who that is. */
export async function pgmqWorkers(client: Client, found: FoundQueue): Promise<LiveWorker[]> {
  const workers: LiveWorker[] = [];
  for (const { name, table, columns } of found.facts.queues as PgmqQueue[]) {
    const seen = columns.includes('last_read_at') ? 'max(last_read_at)' : 'NULL::timestamptz';
    const [row] = await rowsIfAllowed<{ n: string; at: string | null }>(
      client,
      `SELECT count(*) AS n, to_char(${seen} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS at
         FROM ${qualified(found.schema, table)} WHERE vt > now() AND vt < '2900-01-01' AND read_ct > 0`,
    );
    if (row && Number(row.n) > 0)
      workers.push({
        name: `readers with ${row.n} ${plural(row.n, 'message')} of queue ${name}`,
        seenAt: row.at,
      });
  }
  return workers;
}

/** What an operator should know of a pgmq before it is drained. */
export async function pgmqFindings(
  client: Client,
  found: FoundQueue,
  { queues }: FormatChoice,
): Promise<Finding[]> {
  const all = found.facts.queues as PgmqQueue[];
  const queue = queues ? all.find(({ name }) => name.toLowerCase() === queues[0]?.toLowerCase()) : all[0];
  if (!queue?.partitioned) return [];
  const config = await partConfig(client, found.schema, queue.table);
  if (config?.keeps) return [];
  return [
    {
      level: 'warning',
      code: 'RETENTION_ENDS',
      text: `queue ${queue.name} is partitioned: pg_partman drops its old partitions with the messages in them`,
      remedy: config
        ? `UPDATE ${config.table} SET retention = NULL WHERE parent_table = ${escapeLiteral(`${found.schema}.${queue.table}`)}, for the time of the drain`
        : 'look at retention in part_config of pg_partman before a long drain',
    },
  ];
}

/** What pg_partman does with old partitions; undefined where its table is not found or may not be read. */
async function partConfig(
  client: Client,
  schema: string,
  table: string,
): Promise<{ table: string; keeps: boolean } | undefined> {
  const [config] = await tablesNamed(client, 'part_config', ['parent_table', 'retention']);
  if (!config) return undefined;
  const name = qualified(config.schema, config.name);
  const [row] = await rowsIfAllowed<{ retention: string | null }>(
    client,
    `SELECT retention FROM ${name} WHERE parent_table = $1`,
    [`${schema}.${table}`],
  );
  return row && { table: name, keeps: row.retention === null };
}
