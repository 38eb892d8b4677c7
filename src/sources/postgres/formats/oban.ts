import type { Client } from 'pg';
import type { PostgresSpec } from '../spec.ts';
import type { FormatChoice, FoundQueue, QueueFormat } from './format.ts';
import { obanClaim, obanNote } from './oban-claim.ts';
import { obanFindings, obanWorkers } from './oban-facts.ts';
import { unknownVersion } from './refusals.ts';
import { isOneOf, qualified, tableNames, tablesNamed } from './relations.ts';

const TITLED = { title: 'Oban', versions: 'migrations 10 to 14 (Oban 2.5 to 2.23)' };
const OLDEST = 10;
const NEWEST = 14;
/** Oban keeps its times without a zone, in UTC. */
const NOW = `timezone('UTC', now())`;

/** What {@link QueueFormat.describe} must know of an Oban. */
export interface ObanFacts extends Record<string, unknown> {
  /** Whether there are peers to be seen at work. */
  peers: boolean;
  /** Oban Pro, which rescues the jobs of producers that it does not know. */
  pro: boolean;
}

/** `oban_jobs`, in whatever schema; its comment is its version. */
export const oban: QueueFormat = {
  name: 'oban',
  ...TITLED,
  detect,
  describe,
  workers: obanWorkers,
  findings: obanFindings,
};

async function detect(client: Client): Promise<FoundQueue[]> {
  const found: FoundQueue[] = [];
  for (const { schema, comment } of await tablesNamed(client, 'oban_jobs', ['args', 'worker', 'state'])) {
    const names = await tableNames(client, schema);
    const facts: ObanFacts = { peers: names.includes('oban_peers'), pro: names.includes('oban_producers') };
    found.push({ schema, version: comment ?? 'unknown (the table has no comment)', facts });
  }
  return found;
}

async function describe(_client: Client, found: FoundQueue, choice: FormatChoice): Promise<PostgresSpec> {
  const version = Number(found.version);
  if (!(version >= OLDEST && version <= NEWEST)) throw unknownVersion(TITLED, found, 'oban_jobs');
  const facts = found.facts as ObanFacts;
  const note = obanNote();
  return {
    format: 'oban',
    version: found.version,
    table: qualified(found.schema, 'oban_jobs'),
    id: ['id'],
    payload: 'args',
    ready: ready(found.schema, facts, choice),
    rank: 't.priority, t.scheduled_at, t.id',
    type: 'worker',
    priority: 'priority',
    attempts: 'attempt',
    enqueuedAt: 'inserted_at',
    notBefore: 'scheduled_at',
    attributes: {
      queue: 'queue',
      priorityOrder: `'lower-first'`,
      state: note.was('state'),
      max_attempts: 'max_attempts',
      meta: 'meta',
      tags: 'tags',
      errors: 'errors',
      attempted_at: note.was('attempted_at'),
      discarded_at: 'discarded_at',
    },
    done: { delete: true },
    mode: 'move',
    claim: obanClaim(found, facts),
    notify: [`${found.schema}.oban_insert`],
    restore: {
      state: restoredState(found.schema),
      attempted_at: `(m.attr ->> 'attempted_at')::timestamp`,
    },
  };
}

/** What is scheduled and due counts as ready: Oban's own stager would make it available within a second. */
function ready(schema: string, facts: ObanFacts, { queues, include }: FormatChoice): string {
  const due = include.includes('scheduled') ? '' : ` AND t.scheduled_at <= ${NOW}`;
  const states = [
    `(t.state = 'available' OR (t.state IN ('scheduled', 'retryable')${due})) AND t.attempt < t.max_attempts`,
  ];
  if (include.includes('dead')) states.push(`t.state = 'discarded'`);
  if (include.includes('running')) states.push(abandoned(schema, facts));
  const which = queues ? `${isOneOf('t.queue', queues)} AND ` : '';
  return `${which}(${states.map((state) => `(${state})`).join(' OR ')})`;
}

/** Past the hour after which the Lifeline rescues jobs, and with no node that could still be at them. */
function abandoned(schema: string, { peers }: ObanFacts): string {
  const alone = peers
    ? ` AND NOT EXISTS (SELECT 1 FROM ${qualified(schema, 'oban_peers')} p WHERE p.expires_at > ${NOW})`
    : '';
  return `t.state = 'executing' AND t.attempted_at < ${NOW} - interval '1 hour'${alone}`;
}

/** A job that was at work, or is due, goes back as one that is available. */
function restoredState(schema: string): string {
  return `(CASE WHEN m.attr ->> 'state' = 'discarded' THEN 'discarded'
    WHEN m.not_before::timestamptz > now() THEN CASE WHEN m.attempts::int > 0 THEN 'retryable' ELSE 'scheduled' END
    ELSE 'available' END)::${qualified(schema, 'oban_job_state')}`;
}
