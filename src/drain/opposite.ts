import type { Cluster, Redis } from 'ioredis';
import type { Finding } from '../model/finding.ts';
import type { Attachment } from './attach.ts';
import { viewRun } from './membership.ts';
import { RunStore } from './run-store.ts';

/** Field of the lock of a source: the way back into it that began after the lock's holder did. */
export const WAY_BACK = 'back';

/**
 * A way back into the source that is at work would have all of its messages taken out again. One that ended
 * has given messages back which the source's last run still counts as brought.
 */
export async function oppositeFindings(
  client: Redis | Cluster,
  lock: string,
  { abandon, returnedBy }: Pick<Attachment, 'abandon' | 'returnedBy'>,
): Promise<Finding[]> {
  const back = await client.hget(lock, WAY_BACK);
  const record = back ? await new RunStore(client).load(back) : undefined;
  if (record?.state === 'running' && (await viewRun(client, back!)).alive.size > 0)
    return [
      {
        level: 'blocker',
        code: 'WAY_BACK_AT_WORK',
        text: `run ${back} is giving messages back to this very source: they would be taken out again`,
        remedy: `wait for it, or stop it; qctl drain status ${back} shows where it is at work`,
      },
    ];
  if (returnedBy === undefined || !abandon) return [];
  return [
    {
      level: 'note',
      code: 'WAY_BACK_SINCE',
      text: `run ${returnedBy} has given messages back since run ${abandon.manifest.run} was interrupted: a new run begins, so that none of them counts twice`,
    },
  ];
}
