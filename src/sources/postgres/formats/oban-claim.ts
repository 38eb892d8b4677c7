import { QctlError } from '../../../errors.ts';
import type { ClaimSpec } from '../spec.ts';
import type { FoundQueue } from './format.ts';
import { type ClaimNote, claimNote } from './note.ts';
import type { ObanFacts } from './oban.ts';
import { qualified } from './relations.ts';
import { textArray } from './river-claim.ts';

/** The first version that has the state `suspended`. */
const SUSPENDED = 14;

/** A claimed job names the run as the one that attempts it, and behind it what it was before. */
export function obanNote(): ClaimNote {
  return claimNote('attempted_by[2]', {
    state: 'state',
    attempted_at: 'attempted_at',
    attempted_by: 'attempted_by',
  });
}

/**
 * A claimed job is `executing` since the far future: the Lifeline rescues by that time, and what is
 * executing is neither retried nor deleted by anybody. Oban Pro rescues by whether it knows the
 * producer; beside it a claimed job is `suspended`, which nothing leaves by itself.
 */
export function obanClaim(found: FoundQueue, { pro }: ObanFacts): ClaimSpec {
  if (pro && Number(found.version) < SUSPENDED) throw tooOldForPro(found);
  const state = pro ? 'suspended' : 'executing';
  const note = obanNote();
  return {
    set: {
      state: `'${state}'`,
      attempted_at: `(:time AT TIME ZONE 'UTC')`,
      attempted_by: `ARRAY[:text, ${note.make}]`,
    },
    held: `t.state = '${state}' AND t.attempted_by[1] = :text`,
    anyones: note.anyones,
    release: {
      state: `${note.kept('state')}::${qualified(found.schema, 'oban_job_state')}`,
      attempted_at: `${note.kept('attempted_at')}::timestamp`,
      attempted_by: textArray(note.kept('attempted_by')),
    },
  };
}

function tooOldForPro({ schema, version }: FoundQueue): QctlError {
  return new QctlError(
    'refused',
    `Oban in schema ${schema} is of version ${version} and has Oban Pro beside it, which would take claimed jobs back`,
    {
      code: 'OBAN_PRO_NEEDS_14',
      hint: [
        'migrate it to version 14, which has suspended jobs',
        'or stop all nodes, and --format generic with --table oban_jobs',
      ],
    },
  );
}
