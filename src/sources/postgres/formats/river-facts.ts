import type { Client } from 'pg';
import type { Finding } from '../../../model/finding.ts';
import { plural } from '../../../model/plural.ts';
import type { FormatChoice, FoundQueue, LiveWorker } from './format.ts';
import { countIfAllowed, isOneOf, qualified, rowsIfAllowed } from './relations.ts';

const AT = `'YYYY-MM-DD"T"HH24:MI:SS"Z"'`;

/** The elected leader, and clients that have begun a job within the last hour and are at it. */
export async function riverWorkers(client: Client, { schema }: FoundQueue): Promise<LiveWorker[]> {
  const leaders = await rowsIfAllowed<{ name: string; at: string }>(
    client,
    `SELECT leader_id AS name, to_char(elected_at AT TIME ZONE 'UTC', ${AT}) AS at
       FROM ${qualified(schema, 'river_leader')} WHERE expires_at > now()`,
  );
  const running = await rowsIfAllowed<{ name: string; at: string }>(
    client,
    `SELECT attempted_by[array_upper(attempted_by, 1)] AS name,
            to_char(max(attempted_at) AT TIME ZONE 'UTC', ${AT}) AS at
       FROM ${qualified(schema, 'river_job')}
      WHERE state = 'running' AND attempted_at BETWEEN now() - interval '1 hour' AND now() + interval '1 day'
      GROUP BY 1 ORDER BY 1`,
  );
  const named = new Map<string, LiveWorker>();
  for (const { name, at } of leaders) named.set(name, { name: `${name} (leader)`, seenAt: at });
  for (const { name, at } of running) named.set(name, { name: named.get(name)?.name ?? name, seenAt: at });
  return [...named.values()];
}

/** What an operator should know of a River before it is drained. */
export async function riverFindings(
  client: Client,
  { schema }: FoundQueue,
  { queues }: FormatChoice,
): Promise<Finding[]> {
  const job = qualified(schema, 'river_job');
  const which = queues ? `AND ${isOneOf('queue', queues)}` : '';
  const findings: Finding[] = [];
  const pending = await countIfAllowed(
    client,
    `SELECT count(*) AS n FROM ${job} WHERE state = 'pending' ${which}`,
  );
  if (pending > 0)
    findings.push({
      level: 'warning',
      code: 'FLOWS_STAY',
      text: `${pending} ${plural(pending, 'job is')} pending: waiting for others, and left where ${plural(pending, 'it is')}`,
      remedy: 'let the workers of River finish the workflows',
    });
  const [missing] = await rowsIfAllowed<{ name: string }>(
    client,
    `SELECT name FROM unnest($1::text[]) q (name)
      WHERE NOT EXISTS (SELECT 1 FROM ${job} j WHERE j.queue = q.name)
        AND NOT EXISTS (SELECT 1 FROM ${qualified(schema, 'river_queue')} r WHERE r.name = q.name)`,
    [queues ?? []],
  );
  if (missing)
    findings.push({
      level: 'warning',
      code: 'QUEUE_UNKNOWN',
      text: `River knows no queue ${missing.name}, and no job stands in it`,
      remedy: 'look at the spelling of --queue',
    });
  return findings;
}
