import type { Client } from 'pg';
import { escapeLiteral } from '../../../backends/postgres/index.ts';
import { QctlError } from '../../../errors.ts';
import { shortList } from '../../../model/short-list.ts';
import type { PostgresSpec } from '../spec.ts';
import type { FormatChoice, FoundQueue, QueueFormat } from './format.ts';
import { DELAY_UNCLAIMED, pgmqClaim, READS_UNCLAIMED } from './pgmq-claim.ts';
import { pgmqFindings, pgmqWorkers } from './pgmq-facts.ts';
import { refuseIncludes, unknownVersion } from './refusals.ts';
import { isoUtc, qualified, rowsIfAllowed, tablesNamed } from './relations.ts';

const TITLED = { title: 'pgmq', versions: 'pgmq 0.20 to 1.x, as an extension or from its SQL' };
const COLUMNS = ['msg_id', 'read_ct', 'enqueued_at', 'vt', 'message'];

/** A queue of a pgmq: its name, and its table without the schema. */
export interface PgmqQueue {
  name: string;
  table: string;
  columns: string[];
  partitioned: boolean;
}

/** `pgmq.q_NAME`, a table a queue. */
export const pgmq: QueueFormat = {
  name: 'pgmq',
  ...TITLED,
  detect,
  describe,
  queuesOfTable: ({ facts }, relation) => {
    const own = (facts.queues as PgmqQueue[]).find(({ table }) => table === relation);
    return own && [own.name];
  },
  workers: pgmqWorkers,
  findings: pgmqFindings,
};

async function detect(client: Client): Promise<FoundQueue[]> {
  const found: FoundQueue[] = [];
  for (const { schema, readable } of await tablesNamed(client, 'meta', ['queue_name', 'created_at'])) {
    const queues = await queuesOf(client, schema, readable);
    if (!readable && queues.length === 0) continue;
    found.push({ schema, version: await versionOf(client), facts: { queues } });
  }
  return found;
}

/** Of the extension; pgmq may as well have been made by its SQL alone, which leaves no version behind. */
async function versionOf(client: Client): Promise<string> {
  const { rows } = await client.query<{ version: string }>(
    `SELECT extversion AS version FROM pg_extension WHERE extname = 'pgmq'`,
  );
  return rows[0]?.version ?? 'without a version';
}

const TABLES = `
  SELECT c.relname AS table, c.relkind = 'p' AS partitioned,
         ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = $1 AND c.relname LIKE 'q\\_%' AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1`;

/** What the list of queues names and what has the shape of one; without a right to the list, the shape alone. */
async function queuesOf(client: Client, schema: string, readable: boolean): Promise<PgmqQueue[]> {
  const { rows } = await client.query<Omit<PgmqQueue, 'name'>>(TABLES, [schema]);
  const shaped = rows.filter(({ columns }) => COLUMNS.every((column) => columns.includes(column)));
  if (!readable) return shaped.map((table) => ({ ...table, name: table.table.slice(2) }));
  const named = await rowsIfAllowed<{ name: string }>(
    client,
    `SELECT queue_name AS name FROM ${qualified(schema, 'meta')} ORDER BY 1`,
  );
  return named.flatMap(({ name }) => {
    const table = shaped.find((one) => one.table === `q_${name}`.toLowerCase());
    return table ? [{ ...table, name }] : [];
  });
}

async function describe(_client: Client, found: FoundQueue, choice: FormatChoice): Promise<PostgresSpec> {
  if (!/^(0\.[2-9]\d|1)\.|^without/.test(found.version)) throw unknownVersion(TITLED, found, 'meta');
  refuseIncludes(TITLED, choice, {
    dead: 'what was given up stands in the archive tables, a_NAME: --table pgmq.a_NAME --format generic',
    running: 'a message whose reader is gone is ready again once its visibility timeout is over',
  });
  const queue = oneQueue(found, choice);
  const headers = queue.columns.includes('headers');
  return {
    format: 'pgmq',
    version: found.version,
    table: qualified(found.schema, queue.table),
    id: ['msg_id'],
    // An identity that is always generated; a table in partitions has no unique index over it.
    uniqueId: true,
    payload: 'message',
    ready: choice.include.includes('scheduled')
      ? `(t.vt <= now() OR (t.read_ct = 0 AND t.vt < '2900-01-01'))`
      : 't.vt <= now()',
    rank: 't.msg_id',
    ...(headers && { key: `headers ->> 'x-pgmq-group'` }),
    attempts: READS_UNCLAIMED,
    enqueuedAt: 'enqueued_at',
    notBefore: isoUtc(DELAY_UNCLAIMED),
    attributes: { queue: escapeLiteral(queue.name), ...(headers && { headers: 'headers' }) },
    done: { delete: true },
    mode: 'move',
    claim: pgmqClaim(),
    notify: [`pgmq.${queue.table}.INSERT`],
    restore: {
      read_ct: 'coalesce(m.attempts::int, 0)',
      vt: 'coalesce(m.not_before::timestamptz, now())',
    },
  };
}

/** A run takes from one table, so that it is one queue that must be meant. */
function oneQueue(found: FoundQueue, { queues: chosen }: FormatChoice): PgmqQueue {
  const queues = found.facts.queues as PgmqQueue[];
  const wanted = chosen
    ? queues.filter(({ name }) => chosen.some((one) => one.toLowerCase() === name.toLowerCase()))
    : queues;
  const names = shortList(queues.map(({ name }) => name));
  if (wanted.length === 1 && (chosen?.length ?? 1) === 1) return wanted[0]!;
  if (wanted.length === 0)
    throw new QctlError(
      'config',
      `pgmq in schema ${found.schema} has no queue${chosen ? ` ${chosen.join(', ')}` : ''}`,
      {
        code: 'QUEUE_NOT_FOUND',
        hint: [
          queues.length > 0 ? `its queues are: ${names}` : 'it has no queues at all that the user may see',
        ],
      },
    );
  throw new QctlError('usage', `each queue of pgmq is a table of its own, and a run drains one: ${names}`, {
    code: 'SEVERAL_QUEUES',
    hint: ['name one with --queue, and drain the others by runs of their own'],
  });
}
