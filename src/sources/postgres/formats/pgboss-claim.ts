import type { ClaimSpec } from '../spec.ts';
import { type ClaimNote, claimNote } from './note.ts';
import { qualified } from './relations.ts';

/**
 * A claimed job is `active`, as if a worker were at it, and began in the far future: it never expires,
 * and what is active is not deleted when its time to be kept is over. Its policy, which nobody reads
 * of a job at work, holds what it was before: without a policy of its own it is in none of the unique
 * indexes, so that neither this claim nor a worker's can run into another one.
 */
export function pgbossNote(columns: string[]): ClaimNote {
  const heartbeat: Record<string, string> = columns.includes('heartbeat_on')
    ? { heartbeat_on: 'heartbeat_on' }
    : {};
  return claimNote('policy', {
    state: 'state',
    started_on: 'started_on',
    completed_on: 'completed_on',
    policy: 'policy',
    ...heartbeat,
  });
}

/** How jobs are taken and given back. */
export function pgbossClaim(schema: string, columns: string[], table: string): ClaimSpec {
  const note = pgbossNote(columns);
  const time = (name: string): string => `${note.kept(name)}::timestamptz`;
  const heartbeat = columns.includes('heartbeat_on');
  return {
    set: {
      state: `'active'`,
      started_on: ':time',
      completed_on: 'NULL',
      policy: note.make,
      ...(heartbeat && { heartbeat_on: ':time' }),
    },
    held: `t.state = 'active' AND t.started_on = :time`,
    anyones: note.anyones,
    release: {
      state: `${note.kept('state')}::${qualified(schema, 'job_state')}`,
      started_on: time('started_on'),
      completed_on: time('completed_on'),
      policy: policyAgain(note, table),
      ...(heartbeat && { heartbeat_on: time('heartbeat_on') }),
    },
  };
}

/**
 * While a job was claimed, another of its key may have been sent into its place. Then the place is
 * that one's, and the job goes back as one without a policy: rather one too many than one lost.
 */
function policyAgain(note: ClaimNote, table: string): string {
  const taken = `SELECT 1 FROM ${table} x WHERE x.name = t.name AND x.id <> t.id AND x.policy = (t.policy::json ->> 'policy')
    AND coalesce(x.singleton_key, '') = coalesce(t.singleton_key, '') AND x.state <= 'active'`;
  return `CASE WHEN (${note.kept('policy')}) <> 'singleton' AND (${note.kept('policy')}) <> 'standard' AND EXISTS (${taken})
    THEN 'standard' ELSE ${note.kept('policy')} END`;
}
