import type { ClaimSpec } from '../spec.ts';
import { type ClaimNote, claimNote } from './note.ts';
import { qualified } from './relations.ts';

/** A claimed job names the run among those who attempted it, and behind it what it was before. */
export function riverNote(unique: boolean): ClaimNote {
  return claimNote('attempted_by[2]', {
    state: 'state',
    attempted_at: 'attempted_at',
    attempted_by: 'attempted_by',
    finalized_at: 'finalized_at',
    ...(unique && { unique_states: 'unique_states' }),
  });
}

/**
 * A claimed job is `running` since the far future: it is never stuck, so that the rescuer leaves it,
 * and what is running is neither retried nor deleted by anybody. Its unique key goes on counting
 * where it counted before, and does not begin to.
 */
export function riverClaim(schema: string, unique: boolean): ClaimSpec {
  const note = riverNote(unique);
  const counts = `${qualified(schema, 'river_job_state_in_bitmask')}(t.unique_states, t.state)`;
  return {
    set: {
      state: `'running'`,
      attempted_at: ':time',
      attempted_by: `ARRAY[:text, ${note.make}]`,
      finalized_at: 'NULL',
      ...(unique && {
        unique_states: `CASE WHEN t.unique_states IS NOT NULL AND ${counts} THEN t.unique_states END`,
      }),
    },
    held: `t.state = 'running' AND t.attempted_by[1] = :text`,
    anyones: note.anyones,
    release: {
      state: `${note.kept('state')}::${qualified(schema, 'river_job_state')}`,
      attempted_at: `${note.kept('attempted_at')}::timestamptz`,
      attempted_by: textArray(note.kept('attempted_by')),
      finalized_at: `${note.kept('finalized_at')}::timestamptz`,
      ...(unique && { unique_states: `${note.kept('unique_states')}::bit(8)` }),
    },
  };
}

/** A JSON array as an array of text; NULL stays NULL. */
export function textArray(json: string): string {
  return `CASE WHEN ${json} IS NOT NULL THEN ARRAY(SELECT json_array_elements_text(${json}::json)) END`;
}
