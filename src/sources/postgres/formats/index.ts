import type { Client } from 'pg';
import { QctlError } from '../../../errors.ts';
import type { FormatName, PostgresSpec } from '../spec.ts';
import { delayedJob } from './delayed-job.ts';
import type { FormatChoice, FoundQueue, QueueFormat } from './format.ts';
import { goodJob } from './good-job.ts';
import { graphileWorker } from './graphile-worker.ts';
import { oban } from './oban.ts';
import { pgboss } from './pgboss.ts';
import { pgmq } from './pgmq.ts';
import { procrastinate } from './procrastinate.ts';
import { que } from './que.ts';
import { river } from './river.ts';
import { solidQueue } from './solid-queue.ts';

export type { FormatChoice, FoundQueue, LiveWorker, QueueFormat } from './format.ts';

/** Every format but `generic`, in the order in which they are looked for. */
export const FORMATS: readonly QueueFormat[] = [
  pgboss,
  graphileWorker,
  pgmq,
  river,
  oban,
  solidQueue,
  que,
  procrastinate,
  delayedJob,
  goodJob,
];

/** A queue together with the format that it is of. */
export interface DetectedQueue {
  format: QueueFormat;
  found: FoundQueue;
}

/** The format of that name; undefined for `generic`. */
export function formatOf(name: FormatName): QueueFormat | undefined {
  return FORMATS.find((format) => format.name === name);
}

/** All queues of known job libraries in the database. */
export async function detectQueues(client: Client, only?: FormatName): Promise<DetectedQueue[]> {
  const detected: DetectedQueue[] = [];
  for (const format of FORMATS) {
    if (only !== undefined && format.name !== only) continue;
    for (const found of await format.detect(client)) detected.push({ format, found });
  }
  return detected;
}

/**
 * The spec of the one queue that the choice means.
 *
 * @throws QctlError `config` where none is found (FORMAT_NOT_FOUND), `usage` where several are
 * (SEVERAL_QUEUES, each named), `refused` where its version is not understood
 */
export async function describeQueue(
  client: Client,
  only: FormatName | undefined,
  choice: FormatChoice,
): Promise<PostgresSpec> {
  const all = await detectQueues(client, only);
  const detected = all.filter(({ found }) => choice.schema === undefined || found.schema === choice.schema);
  const [first, ...others] = detected;
  if (!first) throw notFound(client, only, all);
  if (others.length > 0) throw several(detected);
  return describeFound(client, first, choice);
}

/** The spec of a queue that was found; it keeps what was chosen, and pauses the queue where that was asked for. */
export async function describeFound(
  client: Client,
  { format, found }: DetectedQueue,
  choice: FormatChoice,
): Promise<PostgresSpec> {
  const spec = { ...(await format.describe(client, found, choice)), choice };
  if (!choice.pause) return spec;
  if (!format.freeze || !spec.claim) throw cannotPause(format);
  const { freeze, thaw } = format.freeze(found, choice);
  const { prepare = [], cleanup = [] } = spec.claim;
  return {
    ...spec,
    claim: { ...spec.claim, prepare: [...freeze, ...prepare], cleanup: [...cleanup, ...thaw] },
  };
}

function cannotPause({ title }: QueueFormat): QctlError {
  const able = FORMATS.filter(({ freeze }) => freeze).map((format) => format.title);
  return new QctlError('usage', `--pause-source: ${title} has no pauses that its workers heed`, {
    code: 'NO_PAUSES',
    hint: ['stop its workers', `queues can be paused with ${able.join(', ')}`],
  });
}

function notFound(client: Client, only: FormatName | undefined, all: DetectedQueue[]): QctlError {
  const what =
    only === undefined ? 'no queue of a known job library' : `no ${formatOf(only)?.title ?? only} queue`;
  return new QctlError('config', `there is ${what} in database ${client.database}`, {
    code: 'FORMAT_NOT_FOUND',
    hint: [
      ...(all.length > 0 ? [`found: ${all.map(nameOf).join(', ')}`] : []),
      '--table NAME describes any table as a queue; --schema NAME says where to look',
      'check that the user may see the tables',
    ],
  });
}

function several(detected: DetectedQueue[]): QctlError {
  return new QctlError('usage', `there are several queues: ${detected.map(nameOf).join(', ')}`, {
    code: 'SEVERAL_QUEUES',
    hint: ['say which one with --format and --schema'],
  });
}

function nameOf({ format, found }: DetectedQueue): string {
  return `${format.title} in schema ${found.schema}`;
}
