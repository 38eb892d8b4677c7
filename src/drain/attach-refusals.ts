import { QctlError } from '../errors.ts';
import { differences, differenceText } from './differences.ts';
import { isSame, type Manifest } from './manifest.ts';

/** A copy goes on by its position, and that is gone. */
export function expired(run: string): QctlError {
  return new QctlError(
    'refused',
    `the position of copy ${run} has expired: another copy would append everything a second time`,
    {
      code: 'COPY_CHECKPOINT_EXPIRED',
      hint: [
        '--fresh copies all of it anew, best into another stream',
        'a longer --checkpoint-ttl keeps the position for longer',
      ],
      details: { run },
    },
  );
}

/** A run is continued by a call that means the same, and by no other. */
export function refuseChanged(before: Manifest, now: Manifest): void {
  if (isSame(before.context, now.context)) return;
  const changed = differences(before.context, now.context);
  throw new QctlError(
    'refused',
    `unfinished run ${before.run} of this source was started with other settings: ${changed.map(differenceText).join('; ')}`,
    {
      code: 'RUN_CONTEXT_CHANGED',
      hint: [
        `repeat its own command to finish it (qctl drain status ${before.run})`,
        'or give it up with --fresh: what it has in hand is settled first, then a new run begins',
      ],
      details: { run: before.run, changed },
    },
  );
}

/** The source is another run's. `changed`: why this command is not the one that would share its work. */
export function heldBy(run: string, alive: string[], changed: string[] = []): QctlError {
  return new QctlError(
    'locked',
    `the source is being drained by run ${run}${alive.length > 0 ? `: ${alive.join(', ')}` : ''}`,
    {
      code: 'SOURCE_LOCKED',
      hint: [
        `qctl drain status ${run}`,
        'wait for it, or repeat its very command to share the work',
        ...changed.map((text) => `this command differs from it: ${text}`),
        `qctl drain stop ${run} ends it, and the run can be continued later`,
      ],
      details: { run },
    },
  );
}
