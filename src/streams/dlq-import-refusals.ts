import type { RedisConnection } from '../backends/redis/index.ts';
import { QctlError } from '../errors.ts';
import { countEntries } from './count.ts';
import type { ImportRequest } from './dlq-import-plan.ts';

/** What is known of a share whose import was cut short, and whose entries are gone. */
export interface RemovedShare {
  stream: string;
  entries: number;
  /** Imported before. */
  noted: number;
  lengthBefore: number;
}

/**
 * The error for an import that was cut short and whose entries were deleted or replayed since: to go on
 * would leave out the first part, to begin anew would double what was replayed. Only the operator knows.
 */
export function refuseRemoved(
  name: string,
  { stream, entries, noted, lengthBefore }: RemovedShare,
): QctlError {
  const found = `the first ${noted} of ${entries} lines were imported before, and ${stream} holds ${lengthBefore} now`;
  return new QctlError(
    'refused',
    `nothing was imported of ${name}: ${found}: what was imported has been deleted or replayed`,
    {
      code: 'IMPORT_REMOVED',
      hint: [
        '--again begins anew with the first line',
        `--continue goes on behind those ${noted}, where they were replayed or deleted on purpose`,
      ],
      details: { stream, entries, importedBefore: noted, length: lengthBefore },
    },
  );
}

const AT_ONCE = 20;

/** Throws `refused` where dead letters of the export still stand where they were taken from. */
export async function refuseStanding(
  redis: RedisConnection,
  { name, signal }: ImportRequest,
  stream: string,
  ids: readonly string[],
): Promise<void> {
  let standing = 0;
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    signal.throwIfAborted();
    const some = ids.slice(at, at + AT_ONCE);
    const counts = await Promise.all(some.map((id) => countEntries(redis, stream, id, id, { limit: 1 })));
    standing += counts.filter(({ count }) => count > 0).length;
  }
  if (standing === 0) return;
  throw new QctlError(
    'refused',
    `${standing} of the first ${ids.length} dead letters of ${name} still stand in ${stream}: they would be there twice`,
    {
      code: 'IMPORT_PRESENT',
      hint: [
        "delete them first with 'qctl dlq purge', or name another stream with --to",
        '--again imports them all the same',
      ],
      details: { stream, standing, lookedAt: ids.length },
    },
  );
}
