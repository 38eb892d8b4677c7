import type { Client } from 'pg';
import type { Finding } from '../../../model/finding.ts';
import { shortList } from '../../../model/short-list.ts';
import type { TableFacts } from '../catalog.ts';
import { conditions, expression, whereClause } from '../expressions.ts';
import type { FormatName, PostgresSpec } from '../spec.ts';
import type { FormatChoice, FoundQueue, LiveWorker, QueueFormat } from './format.ts';
import { formatOf } from './index.ts';

/** What a plan tells of a queue that a job library made. */
export interface FormatOverview {
  name: FormatName;
  title: string;
  version: string | null;
  /** Those with ready messages, the fullest first; at most {@link MOST_QUEUES}. */
  queues: { name: string; ready: number }[];
  /** Who still works on the source. */
  workers: LiveWorker[];
}

const MOST_QUEUES = 100;

/** A queue of a known format as it stands in the database. */
export interface KnownQueue {
  format: QueueFormat;
  /** Undefined where its tables are not found any more. */
  found: FoundQueue | undefined;
  workers: LiveWorker[];
  findings: Finding[];
}

/** Looks at the queue of a known format; undefined for `generic`. Reads only. */
export async function formatOverview(
  client: Client,
  spec: PostgresSpec,
  table: TableFacts,
): Promise<{ overview: FormatOverview; findings: Finding[] } | undefined> {
  const known = await knownQueue(client, spec, table);
  if (!known) return undefined;
  const { format, workers, findings } = known;
  const overview: FormatOverview = {
    name: spec.format,
    title: format.title,
    version: spec.version ?? null,
    queues: await readyQueues(client, spec, table),
    workers,
  };
  return { overview, findings };
}

/** The same without counting what is ready. */
export async function knownQueue(
  client: Client,
  spec: PostgresSpec,
  table: TableFacts,
): Promise<KnownQueue | undefined> {
  const format = formatOf(spec.format);
  if (!format) return undefined;
  const choice: FormatChoice = spec.choice ?? { include: [] };
  const found = (await format.detect(client)).find(({ schema }) => schema === table.schema);
  const workers = found ? await format.workers(client, found) : [];
  const own = found && format.findings ? await format.findings(client, found, choice) : [];
  return { format, found, workers, findings: [...own, ...workerFindings(format, choice, workers)] };
}

async function readyQueues(
  client: Client,
  spec: PostgresSpec,
  table: TableFacts,
): Promise<FormatOverview['queues']> {
  const queue = spec.attributes?.queue;
  if (queue === undefined) return [];
  const { rows } = await client.query<{ name: string | null; ready: number }>(
    `SELECT ${expression(queue, table, 't')}::text AS name, count(*)::float8 AS ready
       FROM ${table.name} t ${whereClause(conditions(spec, table))}
      GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${MOST_QUEUES}`,
  );
  return rows.map(({ name, ready }) => ({ name: name ?? '(none)', ready }));
}

function howToStop({ title, freeze }: QueueFormat): string {
  return freeze
    ? '--pause-source pauses its queues meanwhile; or stop its workers'
    : `stop the workers of ${title} first`;
}

function workerFindings(format: QueueFormat, choice: FormatChoice, workers: LiveWorker[]): Finding[] {
  if (workers.length === 0) return [];
  return [
    {
      level: 'note',
      code: 'WORKERS_AT_WORK',
      text: `workers of ${format.title} are still at work on the source (${shortList(workers.map(({ name }) => name))}); each message goes to one side alone`,
      ...(!choice.pause && { remedy: howToStop(format) }),
    },
  ];
}
