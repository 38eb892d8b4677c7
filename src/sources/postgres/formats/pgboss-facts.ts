import type { Client } from 'pg';
import type { Finding } from '../../../model/finding.ts';
import { plural } from '../../../model/plural.ts';
import type { FormatChoice, FoundQueue, LiveWorker } from './format.ts';
import type { PgbossFacts } from './pgboss.ts';
import { countIfAllowed, isOneOf, qualified, rowsIfAllowed } from './relations.ts';
import { sessionWorkers } from './sessions.ts';

/** pg-boss keeps no list of its workers: its sessions have a name, and jobs that are at work have a beginning. */
export async function pgbossWorkers(client: Client, found: FoundQueue): Promise<LiveWorker[]> {
  const active = await rowsIfAllowed<{ name: string; n: string; at: string }>(
    client,
    `SELECT name, count(*) AS n, to_char(max(started_on) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS at
       FROM ${qualified(found.schema, 'job')}
      WHERE state = 'active' AND started_on BETWEEN now() - interval '15 minutes' AND now() + interval '1 day'
      GROUP BY name ORDER BY name`,
  );
  const atWork = active.map(({ name, n, at }) => ({ name: `${n} running in queue ${name}`, seenAt: at }));
  return [...(await sessionWorkers(client, `application_name = 'pgboss'`, 'pg-boss session')), ...atWork];
}

/** What an operator should know of a pg-boss before it is drained. */
export async function pgbossFindings(
  client: Client,
  found: FoundQueue,
  { queues }: FormatChoice,
): Promise<Finding[]> {
  const { columns } = found.facts as PgbossFacts;
  const job = qualified(found.schema, 'job');
  const which = queues ? `AND ${isOneOf('name', queues)}` : '';
  const count = (where: string): Promise<number> =>
    countIfAllowed(client, `SELECT count(*) AS n FROM ${job} WHERE ${where} ${which}`);
  const findings: Finding[] = [];
  const ending = await count(`state < 'active' AND keep_until < now() + interval '1 day'`);
  if (ending > 0) findings.push(retention(ending, job, which));
  const throttled = await count(`state < 'active' AND singleton_on IS NOT NULL`);
  if (throttled > 0) findings.push(throttles(throttled));
  if (columns.includes('blocking')) {
    const flow = await count(`state < 'active' AND (blocked OR blocking)`);
    if (flow > 0) findings.push(flows(flow));
  }
  findings.push(...(await clockFindings(client, found.schema)));
  return findings;
}

function retention(n: number, job: string, which: string): Finding {
  return {
    level: 'warning',
    code: 'RETENTION_ENDS',
    text: `the maintenance of pg-boss deletes waiting jobs whose keep_until is over: ${n} are or will be within a day`,
    remedy:
      `drain soon, or UPDATE ${job} SET keep_until = now() + interval '14 days' WHERE state < 'active' AND keep_until < now() + interval '1 day' ${which}`.trimEnd(),
  };
}

function throttles(n: number): Finding {
  return {
    level: 'note',
    code: 'THROTTLE_OPENS',
    text: `${n} waiting jobs keep others of their key away (singletonSeconds); once they are drained, pg-boss accepts one more in the same interval`,
    remedy: 'let the producers write to the stream first, or let the workers of pg-boss finish these jobs',
  };
}

function flows(n: number): Finding {
  return {
    level: 'warning',
    code: 'FLOWS_STAY',
    text: `${n} ${plural(n, 'job')} of flows ${plural(n, 'is')} waiting for others or waited for: what belongs to a flow stays where it is`,
    remedy: 'let the workers of pg-boss finish the flows',
  };
}

/** Cron jobs go on being made for as long as any pg-boss runs. */
async function clockFindings(client: Client, schema: string): Promise<Finding[]> {
  const schedules = await countIfAllowed(
    client,
    `SELECT count(*) AS n FROM ${qualified(schema, 'schedule')}`,
  );
  const waiting = await countIfAllowed(
    client,
    `SELECT count(*) AS n FROM ${qualified(schema, 'job')} WHERE name LIKE '\\_\\_pgboss\\_\\_%' AND state < 'active'`,
  );
  if (schedules === 0 && waiting === 0) return [];
  const left =
    waiting > 0 ? `; ${waiting} that are due wait in a queue of pg-boss' own, which is not drained` : '';
  return [
    {
      level: 'note',
      code: 'SCHEDULES_GO_ON',
      text: `${schedules} cron schedules go on making jobs while any pg-boss runs${left}`,
      remedy: 'move the schedules to the new side, then boss.unschedule(name)',
    },
  ];
}
