import type { Client } from 'pg';
import type { PostgresSpec } from '../spec.ts';
import type { FormatChoice, FoundQueue, QueueFormat } from './format.ts';
import { UNREADABLE, unknownVersion } from './refusals.ts';
import { isOneOf, qualified, rowsIfAllowed, tablesNamed } from './relations.ts';
import { riverClaim, riverNote } from './river-claim.ts';
import { riverFindings, riverWorkers } from './river-facts.ts';
import { riverFreeze } from './river-freeze.ts';

const TITLED = { title: 'River', versions: 'migrations 4 to 7 of line main (River 0.1 to 0.43)' };
const OLDEST = 4;
const NEWEST = 7;
/** Bulk unique jobs: which states count is the job's own. */
const UNIQUE_STATES = 6;

/** `river_job`, in whatever schema. */
export const river: QueueFormat = {
  name: 'river',
  ...TITLED,
  detect,
  describe,
  workers: riverWorkers,
  findings: riverFindings,
  freeze: riverFreeze,
};

async function detect(client: Client): Promise<FoundQueue[]> {
  const found: FoundQueue[] = [];
  for (const { schema, columns } of await tablesNamed(client, 'river_job', [
    'args',
    'kind',
    'scheduled_at',
  ])) {
    const migrations = await tablesNamed(client, 'river_migration', ['version']);
    const own = migrations.find((table) => table.schema === schema);
    const line = own?.columns.includes('line') ? `WHERE line = 'main'` : '';
    const rows = own
      ? await rowsIfAllowed<{ version: string }>(
          client,
          `SELECT max(version) AS version FROM ${qualified(schema, 'river_migration')} ${line}`,
        )
      : [];
    found.push({
      schema,
      version: rows[0]?.version ?? (own ? UNREADABLE : shapeOf(columns)),
      facts: { columns },
    });
  }
  return found;
}

/** Whoever migrates with tools of their own has no table of River's migrations. */
function shapeOf(columns: string[]): string {
  return columns.includes('unique_states') ? String(UNIQUE_STATES) : 'unknown (there is no river_migration)';
}

async function describe(_client: Client, found: FoundQueue, choice: FormatChoice): Promise<PostgresSpec> {
  const version = Number(found.version);
  if (!(version >= OLDEST && version <= NEWEST)) throw unknownVersion(TITLED, found, 'river_migration');
  const unique = version >= UNIQUE_STATES;
  const note = riverNote(unique);
  const uniqueKey: Record<string, string> =
    version > OLDEST ? { unique_key: `encode(unique_key, 'hex')` } : {};
  return {
    format: 'river',
    version: found.version,
    table: qualified(found.schema, 'river_job'),
    id: ['id'],
    payload: 'args',
    ready: ready(found.schema, unique, choice),
    rank: 't.priority, t.scheduled_at, t.id',
    type: 'kind',
    priority: 'priority',
    attempts: 'attempt',
    enqueuedAt: 'created_at',
    notBefore: 'scheduled_at',
    attributes: {
      queue: 'queue',
      priorityOrder: `'lower-first'`,
      state: note.was('state'),
      max_attempts: 'max_attempts',
      metadata: 'metadata',
      tags: 'tags',
      errors: 'errors',
      attempted_at: note.was('attempted_at'),
      finalized_at: note.was('finalized_at'),
      ...uniqueKey,
      ...(unique && { unique_states: note.was('unique_states') }),
    },
    done: { delete: true },
    mode: 'move',
    claim: riverClaim(found.schema, unique),
    notify: [`${found.schema}.river_insert`],
    restore: restore(found.schema, version > OLDEST, unique),
  };
}

/**
 * What is scheduled and due counts as ready: River's own scheduler would make it available in a moment,
 * unless another job of its unique key stands in the way.
 */
function ready(schema: string, unique: boolean, { queues, include }: FormatChoice): string {
  const due = include.includes('scheduled') ? '' : 't.scheduled_at <= now() AND ';
  const states = [
    `${due}(t.state = 'available' OR (t.state IN ('scheduled', 'retryable')${unique ? ` AND ${unopposed(schema)}` : ''}))`,
  ];
  if (include.includes('dead')) states.push(`t.state = 'discarded'`);
  if (include.includes('running')) states.push(abandoned(schema));
  const which = queues ? `${isOneOf('t.queue', queues)} AND ` : '';
  return `${which}(${states.map((state) => `(${state})`).join(' OR ')})`;
}

function unopposed(schema: string): string {
  const counts = (row: string): string =>
    `${qualified(schema, 'river_job_state_in_bitmask')}(${row}.unique_states, ${row}.state)`;
  return `(t.unique_key IS NULL OR t.unique_states IS NULL OR ${counts('t')} OR NOT EXISTS (
    SELECT 1 FROM ${qualified(schema, 'river_job')} u WHERE u.unique_key = t.unique_key AND u.id <> t.id
       AND u.unique_states IS NOT NULL AND ${counts('u')}))`;
}

/** Past the hour after which River rescues jobs, and with no client that could still be at them. */
function abandoned(schema: string): string {
  return `t.state = 'running' AND t.attempted_at < now() - interval '1 hour'
    AND NOT EXISTS (SELECT 1 FROM ${qualified(schema, 'river_leader')} l WHERE l.expires_at > now())`;
}

/** A job that was at work, or is due, goes back as one that is available. */
function restore(schema: string, uniqueKey: boolean, unique: boolean): Record<string, string> {
  const state = `CASE WHEN m.attr ->> 'state' = 'discarded' THEN 'discarded'
    WHEN m.not_before::timestamptz > now() THEN CASE WHEN m.attempts::int > 0 THEN 'retryable' ELSE 'scheduled' END
    ELSE 'available' END`;
  return {
    state: `(${state})::${qualified(schema, 'river_job_state')}`,
    attempted_at: `(m.attr ->> 'attempted_at')::timestamptz`,
    finalized_at: `CASE WHEN m.attr ->> 'state' = 'discarded' THEN (m.attr ->> 'finalized_at')::timestamptz END`,
    ...(uniqueKey && { unique_key: `decode(m.attr ->> 'unique_key', 'hex')` }),
    ...(unique && { unique_states: `(m.attr ->> 'unique_states')::bit(8)` }),
  };
}
