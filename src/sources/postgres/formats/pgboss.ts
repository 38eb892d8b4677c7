import type { Client } from 'pg';
import type { PostgresSpec } from '../spec.ts';
import type { FormatChoice, FoundQueue, QueueFormat } from './format.ts';
import { pgbossClaim, pgbossNote } from './pgboss-claim.ts';
import { pgbossFindings, pgbossWorkers } from './pgboss-facts.ts';
import { refuseTwins } from './pgboss-twins.ts';
import { requireQueues, UNREADABLE, unknownVersion } from './refusals.ts';
import { isOneOf, qualified, rowsIfAllowed, tablesNamed } from './relations.ts';

const TITLED = { title: 'pg-boss', versions: 'schema 21 to 37 (pg-boss 10, 11 and 12)' };
const OLDEST = 21;
const NEWEST = 37;

/** What {@link QueueFormat.describe} must know of a pg-boss. */
export interface PgbossFacts extends Record<string, unknown> {
  /** Columns of the table of jobs. */
  columns: string[];
  /** Queues that applications made, the table that each has its jobs in, and how it hands them out. */
  queues: { name: string; table: string; policy: string | null }[];
}

/** `pgboss.job` and what it is partitioned into. */
export const pgboss: QueueFormat = {
  name: 'pgboss',
  ...TITLED,
  detect,
  describe,
  queuesOfTable: ({ facts }, relation) => {
    const own = (facts as PgbossFacts).queues.filter(({ table }) => table === relation);
    if (own.length === 1) return [own[0]!.name];
    return relation === 'job' ? [] : undefined;
  },
  workers: pgbossWorkers,
  findings: pgbossFindings,
};

async function detect(client: Client): Promise<FoundQueue[]> {
  const found: FoundQueue[] = [];
  for (const { schema, columns } of await tablesNamed(client, 'job', [
    'name',
    'data',
    'state',
    'start_after',
  ])) {
    const [version] = await tablesNamed(client, 'version', ['version']).then((tables) =>
      tables.filter((table) => table.schema === schema),
    );
    if (!version) continue;
    const rows = await rowsIfAllowed<{ version: number }>(
      client,
      `SELECT version FROM ${qualified(schema, 'version')}`,
    );
    const facts: PgbossFacts = { columns, queues: await queuesOf(client, schema) };
    found.push({ schema, version: String(rows[0]?.version ?? UNREADABLE), facts });
  }
  return found;
}

/** pg-boss 10 has a table a queue; from 11 on queues share one, unless they are asked to be partitions. */
async function queuesOf(client: Client, schema: string): Promise<PgbossFacts['queues']> {
  const [queue] = (await tablesNamed(client, 'queue', ['name'])).filter((table) => table.schema === schema);
  const column = ['table_name', 'partition_name'].find((name) => queue?.columns.includes(name));
  return rowsIfAllowed(
    client,
    `SELECT name, policy, ${column ?? `'job'`} AS table FROM ${qualified(schema, 'queue')} WHERE ${OWN_QUEUES} ORDER BY name`,
  );
}

/** pg-boss keeps queues of its own, such as that of its clock. */
const OWN_QUEUES = `name NOT LIKE '\\_\\_pgboss\\_\\_%'`;

async function describe(client: Client, found: FoundQueue, choice: FormatChoice): Promise<PostgresSpec> {
  const version = Number(found.version);
  if (!(version >= OLDEST && version <= NEWEST)) throw unknownVersion(TITLED, found, 'version');
  const { columns, queues } = found.facts as PgbossFacts;
  requireQueues(
    TITLED,
    choice.queues,
    queues.map(({ name }) => name),
  );
  const table = qualified(found.schema, tableOf(queues, choice.queues));
  await refuseTwins(client, table, choice.queues);
  const note = pgbossNote(columns);
  return {
    format: 'pgboss',
    version: found.version,
    table,
    id: ['id'],
    within: within(found.schema, choice.queues),
    uniqueId: true,
    payload: 'data',
    ready: ready(found, columns, choice),
    rank: 't.priority DESC, t.created_on, t.id',
    ...(strictOrder(queues) && { key: strictKey(note.was('policy')) }),
    type: 'name',
    priority: 'priority',
    attempts: 'retry_count',
    enqueuedAt: 'created_on',
    notBefore: 'start_after',
    attributes: attributesOf(columns, note),
    done: { delete: true },
    mode: 'move',
    claim: pgbossClaim(found.schema, columns, table),
    restore: restore(found.schema),
  };
}

function attributesOf(columns: string[], note: ReturnType<typeof pgbossNote>): Record<string, string> {
  return {
    queue: 'name',
    priorityOrder: `'higher-first'`,
    state: note.was('state'),
    started_on: note.was('started_on'),
    completed_on: note.was('completed_on'),
    policy: note.was('policy'),
    ...Object.fromEntries(CARRIED.filter((name) => columns.includes(name)).map((name) => [name, name])),
  };
}

/** Columns that go along as they are, in those versions that have them. */
const CARRIED = [
  'singleton_key',
  'singleton_on',
  'retry_limit',
  'retry_delay',
  'retry_backoff',
  'retry_delay_max',
  'expire_in',
  'expire_seconds',
  'deletion_seconds',
  'heartbeat_seconds',
  'keep_until',
  'dead_letter',
  'output',
  'group_id',
  'group_tier',
  'source_name',
  'source_id',
  'source_created_on',
  'source_retry_count',
];

/** A queue's own table where one is asked for; otherwise that of all, so that it stays the same as queues come and go. */
function tableOf(queues: PgbossFacts['queues'], chosen: string[] | undefined): string {
  if (chosen?.length !== 1) return 'job';
  return queues.find(({ name }) => name === chosen[0])?.table ?? 'job';
}

/** Jobs have one index by which they are found, over queue and id. */
function within(schema: string, queues: string[] | undefined): string {
  if (queues) return isOneOf('t.name', queues);
  return `t.name = ANY(ARRAY(SELECT q.name FROM ${qualified(schema, 'queue')} q WHERE q.${OWN_QUEUES}))`;
}

/** Whether a queue keeps the order of jobs that have the same key. */
function strictOrder(queues: PgbossFacts['queues']): boolean {
  return queues.some(({ policy }) => policy === 'key_strict_fifo');
}

function strictKey(policy: string): string {
  return `CASE WHEN (${policy}) = 'key_strict_fifo' THEN name || '/' || singleton_key END`;
}

function ready(found: FoundQueue, columns: string[], { queues, include }: FormatChoice): string {
  const job = qualified(found.schema, 'job');
  const states = [
    [
      `t.state IN ('created', 'retry')`,
      ...(include.includes('scheduled') ? [] : ['t.start_after <= now()']),
      // What waits for others is not ready; what others wait for would leave them waiting for ever.
      ...['blocked', 'blocking'].filter((name) => columns.includes(name)).map((name) => `NOT t.${name}`),
      turn(job),
    ].join(' AND '),
  ];
  if (include.includes('dead')) states.push(`t.state = 'failed'`);
  if (include.includes('running')) states.push(abandoned(columns));
  return `${within(found.schema, queues)} AND (${states.map((state) => `(${state})`).join(' OR ')})`;
}

/**
 * Queues that work on one job a key at a time have none ready while that one is at work. Each is asked
 * in the words of pg-boss' own partial index for it.
 */
function turn(job: string): string {
  const other = (policy: string): string =>
    `SELECT 1 FROM ${job} a WHERE a.name = t.name AND a.id <> t.id AND a.policy = '${policy}'`;
  const sameKey = `coalesce(a.singleton_key, '') = coalesce(t.singleton_key, '')`;
  return `CASE t.policy
    WHEN 'singleton' THEN NOT EXISTS (${other('singleton')} AND a.state = 'active' AND ${sameKey})
    WHEN 'stately' THEN NOT EXISTS (${other('stately')} AND a.state = 'active' AND ${sameKey})
    WHEN 'key_strict_fifo' THEN NOT EXISTS (${other('key_strict_fifo')}
      AND a.state IN ('active', 'retry', 'failed') AND a.singleton_key = t.singleton_key)
    ELSE true END`;
}

/** As pg-boss' own supervision sees it: expired, or without a heartbeat. */
function abandoned(columns: string[]): string {
  const expiry = columns.includes('expire_in') ? 't.expire_in' : `t.expire_seconds * interval '1 second'`;
  const heartbeat = columns.includes('heartbeat_on')
    ? ` OR t.heartbeat_on + t.heartbeat_seconds * interval '1 second' < now()`
    : '';
  return `t.state = 'active' AND (t.started_on + ${expiry} < now()${heartbeat})`;
}

/** A job that was at work when it was taken goes back as one to be tried again. */
function restore(schema: string): Record<string, string> {
  return {
    state: `CASE WHEN m.attr ->> 'state' IN ('created', 'retry', 'failed') THEN m.attr ->> 'state' ELSE 'retry' END::${qualified(schema, 'job_state')}`,
    policy: `m.attr ->> 'policy'`,
    completed_on: `CASE WHEN m.attr ->> 'state' = 'failed' THEN (m.attr ->> 'completed_on')::timestamptz END`,
    started_on: `(m.attr ->> 'started_on')::timestamptz`,
  };
}
