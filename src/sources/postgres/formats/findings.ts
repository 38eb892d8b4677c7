import type { Client } from 'pg';
import type { Finding } from '../../../model/finding.ts';
import { countIfAllowed } from './relations.ts';

/** Something worth telling, unless the count that it rests on is zero. */
export interface Told extends Pick<Finding, 'level' | 'code' | 'remedy'> {
  /** `SELECT … AS n`, one number; absent: always told. */
  count?: string;
  /** What is counted, in the singular: `job` by default. */
  noun?: string;
  /** `n` is the number with its noun: `3 jobs`. */
  text(n: string): string;
}

/** Asks for the counts and puts into words what is not zero. */
export async function tell(client: Client, told: Told[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { count, noun = 'job', text, ...finding } of told) {
    const n = count === undefined ? 1 : await countIfAllowed(client, count);
    if (n === 0) continue;
    findings.push({ ...finding, text: text(`${n} ${noun}${n === 1 ? '' : 's'}`) });
  }
  return findings;
}

/** Rights on the tables beside the queue's own, which the run's own check looks at. */
export async function missingRights(
  client: Client,
  needed: [table: string, rights: string[]][],
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [table, rights] of needed) {
    for (const right of rights) {
      const { rows } = await client.query('SELECT has_table_privilege($1, $2) AS ok', [table, right]);
      if (rows[0].ok) continue;
      findings.push({
        level: 'blocker',
        code: 'MISSING_PRIVILEGE',
        text: `the user may not ${right} on ${table}, where this queue keeps the state of its jobs`,
        remedy: `GRANT ${right} ON ${table} TO ${client.user ?? '…'}`,
      });
    }
  }
  return findings;
}

/**
 * Workers of Que and good_job hold session locks, and so does qctl while it claims. A pooler that gives
 * each transaction another session would let go of them too early, or never.
 *
 * PostgreSQL tells each client the process of its session; a pooler tells a number of its own.
 */
export async function poolerFinding(client: Client): Promise<Finding[]> {
  const told = (client as unknown as { processID?: number | null }).processID;
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
  if (typeof told !== 'number' || told === rows[0].pid) return [];
  return [
    {
      level: 'warning',
      code: 'POOLER_BEFORE_LOCKS',
      text: 'there is a connection pooler before this database, and this queue is taken from by session locks',
      remedy: 'connect to PostgreSQL itself, or to a pool in session mode',
    },
  ];
}
