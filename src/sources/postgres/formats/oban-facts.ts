import type { Client } from 'pg';
import type { Finding } from '../../../model/finding.ts';
import { plural } from '../../../model/plural.ts';
import type { FormatChoice, FoundQueue, LiveWorker } from './format.ts';
import type { ObanFacts } from './oban.ts';
import { countIfAllowed, isOneOf, qualified, rowsIfAllowed } from './relations.ts';

const AT = `'YYYY-MM-DD"T"HH24:MI:SS"Z"'`;

/** The leading peer of each instance, and nodes that have begun a job within the last hour and are at it. */
export async function obanWorkers(client: Client, { schema, facts }: FoundQueue): Promise<LiveWorker[]> {
  const leaders = (facts as ObanFacts).peers
    ? await rowsIfAllowed<{ name: string; at: string }>(
        client,
        `SELECT node AS name, to_char(started_at, ${AT}) AS at
           FROM ${qualified(schema, 'oban_peers')} WHERE expires_at > timezone('UTC', now())`,
      )
    : [];
  const running = await rowsIfAllowed<{ name: string; at: string }>(
    client,
    `SELECT attempted_by[1] AS name, to_char(max(attempted_at), ${AT}) AS at
       FROM ${qualified(schema, 'oban_jobs')}
      WHERE state = 'executing' AND attempted_by[1] NOT LIKE 'qctl:%'
        AND attempted_at > timezone('UTC', now()) - interval '1 hour'
      GROUP BY 1 ORDER BY 1`,
  );
  const named = new Map<string, LiveWorker>();
  for (const { name, at } of leaders) named.set(name, { name: `${name} (leader)`, seenAt: at });
  for (const { name, at } of running) named.set(name, { name: named.get(name)?.name ?? name, seenAt: at });
  return [...named.values()];
}

/** Open jobs that Oban Pro keeps together, or keeps unique by itself; what it writes of that into `meta`. */
const PRO_JOBS = (jobs: string, which: string): string => `SELECT count(*) AS n FROM ${jobs}
  WHERE state NOT IN ('completed', 'discarded', 'cancelled') ${which}
    AND meta ?| ARRAY['batch_id', 'workflow_id', 'chain_id', 'chain_key', 'uniq', 'uniq_key']`;

/** What an operator should know of an Oban before it is drained. */
export async function obanFindings(
  client: Client,
  { schema, facts }: FoundQueue,
  { queues }: FormatChoice,
): Promise<Finding[]> {
  const jobs = qualified(schema, 'oban_jobs');
  const which = queues ? `AND ${isOneOf('queue', queues)}` : '';
  return [
    ...(await suspendedFindings(client, jobs, which)),
    ...(await queueFindings(client, jobs, queues ?? [])),
    ...((facts as ObanFacts).pro ? await proFindings(client, jobs, queues && which) : []),
  ];
}

async function suspendedFindings(client: Client, jobs: string, which: string): Promise<Finding[]> {
  const suspended = await countIfAllowed(
    client,
    `SELECT count(*) AS n FROM ${jobs} WHERE state::text = 'suspended' AND coalesce(attempted_by[1], '') NOT LIKE 'qctl:%' ${which}`,
  );
  if (suspended === 0) return [];
  return [
    {
      level: 'warning',
      code: 'FLOWS_STAY',
      text: `${suspended} ${plural(suspended, 'job is')} suspended: waiting for others, and left where ${plural(suspended, 'it is')}`,
      remedy: 'let the workers of Oban finish the workflows',
    },
  ];
}

/** The first of the queues that nothing stands in. */
async function queueFindings(client: Client, jobs: string, queues: string[]): Promise<Finding[]> {
  const [missing] = await rowsIfAllowed<{ name: string }>(
    client,
    `SELECT name FROM unnest($1::text[]) q (name)
      WHERE NOT EXISTS (SELECT 1 FROM ${jobs} j WHERE j.queue = q.name)`,
    [queues],
  );
  if (!missing) return [];
  return [
    {
      level: 'warning',
      code: 'QUEUE_UNKNOWN',
      text: `no job of Oban stands in a queue ${missing.name}`,
      remedy: 'look at the spelling of --queue',
    },
  ];
}

/** @param which of the jobs; undefined: all, and then it need not be asked whether some are Pro's */
async function proFindings(client: Client, jobs: string, which: string | undefined): Promise<Finding[]> {
  if (which !== undefined && (await countIfAllowed(client, PRO_JOBS(jobs, which))) === 0) return [];
  return [
    {
      level: 'warning',
      code: 'OBAN_PRO',
      text: 'Oban Pro is in use: batches, workflows and its own unique jobs do not see jobs that were drained',
      remedy: 'drain queues whose jobs belong to none of these: --queue NAME',
    },
  ];
}
