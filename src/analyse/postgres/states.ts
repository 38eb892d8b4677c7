import type { Client } from 'pg';
import { isQctlError } from '../../errors.ts';
import { conditions, expression, moment } from '../../sources/postgres/expressions.ts';
import type { FormatChoice } from '../../sources/postgres/formats/format.ts';
import { isOneOf, qualified } from '../../sources/postgres/formats/relations.ts';
import { isNotKnown } from '../../sources/postgres/not-counted.ts';
import type { FormatName, Includable, PostgresSpec } from '../../sources/postgres/spec.ts';
import type { OpenTable } from './open.ts';

/** SQL conditions over the row `t`; null where a queue does not tell. */
export interface States {
  ready: string;
  running: string | null;
  scheduled: string | null;
  dead: string | null;
}

/** Where each format keeps what a worker has in hand. */
const RUNNING: Partial<Record<FormatName, (schema: string) => string>> = {
  pgboss: () => `t.state = 'active'`,
  'graphile-worker': () => 't.locked_at IS NOT NULL',
  pgmq: () => `t.vt > now() AND t.vt < '2900-01-01' AND t.read_ct > 0`,
  river: () => `t.state = 'running'`,
  oban: () => `t.state = 'executing'`,
  'solid-queue': (schema) =>
    `EXISTS (SELECT 1 FROM ${qualified(schema, 'solid_queue_claimed_executions')} x WHERE x.job_id = t.id)`,
  que: () => `t.id IN (SELECT (l.classid::bigint << 32) + l.objid::bigint FROM pg_locks l
    WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))`,
  procrastinate: () => `t.status = 'doing'`,
  'delayed-job': () => 't.failed_at IS NULL AND t.locked_at IS NOT NULL',
  'good-job': () => 't.finished_at IS NULL AND (t.performed_at IS NOT NULL OR t.locked_by_id IS NOT NULL)',
};

/** How the queue's states are told apart. */
export async function statesOf(open: OpenTable): Promise<States> {
  const { spec } = open;
  const dead = await readyWith(open, 'dead');
  return {
    ready: whereOf(open, spec),
    running: runningOf(open),
    scheduled: scheduledOf(open, (await readyWith(open, 'scheduled')) ?? spec),
    dead: dead ? `${whereOf(open, dead)} AND (${whereOf(open, spec)}) IS NOT TRUE` : null,
  };
}

/**
 * The same by the row alone, where a format asks the whole table whether a row is ready, which is too much for
 * a large one: then what waits for others counts as ready.
 */
export function statesByRow(open: OpenTable, states: States): States | undefined {
  if (open.spec.format !== 'procrastinate') return undefined;
  const queue = inChosenQueues(open);
  const todo = ["t.status = 'todo'", ...queue].join(' AND ');
  return {
    ...states,
    ready: `${todo} AND (t.scheduled_at IS NULL OR t.scheduled_at <= now())`,
    scheduled: `${todo} AND t.scheduled_at > now()`,
    dead: ["t.status = 'failed'", ...queue].join(' AND '),
  };
}

function whereOf({ table }: OpenTable, spec: PostgresSpec): string {
  const where = conditions(spec, table);
  return where.length > 0 ? where.join(' AND ') : 'true';
}

/** A message whose time has not come; of a generic table it is among the ready ones, and put aside by the drain. */
function scheduledOf(open: OpenTable, spec: PostgresSpec): string | null {
  if (spec.notBefore === undefined) return null;
  return `${whereOf(open, spec)} AND ${moment(spec.notBefore, open.table)} > now()`;
}

function runningOf(open: OpenTable): string | null {
  const { spec, table } = open;
  const running = RUNNING[spec.format]?.(table.schema);
  if (running === undefined) return null;
  const where = [`(${running})`, ...inChosenQueues(open)];
  // What a run of qctl holds no worker has.
  const held = spec.claim?.anyones?.held;
  if (held !== undefined) where.push(`(${held}) IS NOT TRUE`);
  return where.join(' AND ');
}

function inChosenQueues({ spec, table }: OpenTable): string[] {
  const queue = spec.attributes?.queue;
  if (!spec.choice?.queues?.length || queue === undefined) return [];
  return [isOneOf(`${expression(queue, table, 't')}::text`, spec.choice.queues)];
}

/** The spec that takes a state as well; undefined where the format has no such messages. */
async function readyWith(
  { client, spec, known }: OpenTable,
  state: Includable,
): Promise<PostgresSpec | undefined> {
  if (!known?.found) return undefined;
  const choice: FormatChoice = { ...(spec.choice ?? { include: [] }), include: [state] };
  try {
    const { ready } = await known.format.describe(lenient(client), known.found, choice);
    return { ...spec, ready };
  } catch (error) {
    if (isQctlError(error) || isNotKnown(error)) return undefined;
    throw error;
  }
}

/** Answers with no rows where too much would have to be read. */
function lenient(client: Client): Client {
  const query = (text: string, values?: unknown[]): Promise<unknown> =>
    client.query(text, values).catch((error: unknown) => {
      if (isNotKnown(error)) return { rows: [] };
      throw error;
    });
  return Object.create(client, { query: { value: query } });
}
