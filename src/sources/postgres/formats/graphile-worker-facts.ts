import type { Client } from 'pg';
import type { Finding } from '../../../model/finding.ts';
import { plural } from '../../../model/plural.ts';
import { shortList } from '../../../model/short-list.ts';
import type { FormatChoice, FoundQueue, LiveWorker } from './format.ts';
import { countIfAllowed, qualified, rowsIfAllowed } from './relations.ts';
import { sessionWorkers } from './sessions.ts';

/** Who has jobs locked, and the sessions that listen for new ones. */
export async function graphileWorkers(client: Client, { schema }: FoundQueue): Promise<LiveWorker[]> {
  const locks = ['_private_jobs', '_private_job_queues']
    .map((table) => `SELECT locked_by, locked_at FROM ${qualified(schema, table)}`)
    .join(' UNION ALL ');
  const busy = await rowsIfAllowed<{ name: string; at: string }>(
    client,
    `SELECT locked_by AS name, to_char(max(locked_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS at
       FROM (${locks}) l
      WHERE locked_by NOT LIKE 'qctl:%' AND locked_at BETWEEN now() - interval '4 hours' AND now() + interval '1 day'
      GROUP BY locked_by ORDER BY locked_by`,
  );
  const listening = await sessionWorkers(client, `query ILIKE 'listen "jobs:insert"%'`, 'listening session');
  return [...listening, ...busy.map(({ name, at }) => ({ name, seenAt: at }))];
}

/** What an operator should know of a Graphile Worker before it is drained. */
export async function graphileFindings(
  client: Client,
  { schema }: FoundQueue,
  { queues }: FormatChoice,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const crons = await countIfAllowed(
    client,
    `SELECT count(*) AS n FROM ${qualified(schema, '_private_known_crontabs')}`,
  );
  if (crons > 0)
    findings.push({
      level: 'note',
      code: 'SCHEDULES_GO_ON',
      text: `${crons} crontab tasks go on making jobs while any worker runs`,
      remedy: `move the crontab to the new side, start the workers without it, then DELETE FROM ${qualified(schema, '_private_known_crontabs')}`,
    });
  if (!queues) findings.push(...(await namedQueues(client, schema)));
  return findings;
}

async function namedQueues(client: Client, schema: string): Promise<Finding[]> {
  const named = await rowsIfAllowed<{ name: string; n: string }>(
    client,
    `SELECT q.queue_name AS name, count(*) AS n FROM ${qualified(schema, '_private_jobs')} j
       JOIN ${qualified(schema, '_private_job_queues')} q ON q.id = j.job_queue_id
      WHERE j.is_available GROUP BY 1 ORDER BY 2 DESC, 1`,
  );
  if (named.length === 0) return [];
  const jobs = named.reduce((sum, { n }) => sum + Number(n), 0);
  return [
    {
      level: 'note',
      code: 'NAMED_QUEUES',
      text: `${jobs} ${plural(jobs, 'job stands')} in named queues (${shortList(named.map(({ name }) => name))}), which run one job at a time; in the stream they have the same key, and a worker that is left may run the next one meanwhile`,
      remedy: `stop the workers of named queues first, and give each key to one consumer; or drain them by themselves: --queue ${named[0]!.name}`,
    },
  ];
}
