import { QctlError } from '../errors.ts';
import { partitionKeys, streamKeys } from '../model/keys.ts';
import { plural } from '../model/plural.ts';
import { readFacts, type StreamFacts } from '../streams/index.ts';
import type { BackDrain } from './host.ts';
import type { StepWorld } from './step.ts';

/** What came so long before the start of a run may still be of it: a mirror that was begun by hand. */
const BEFORE_MS = 60_000;

/**
 * False where nothing stands in the stream or beside it. Where the new side never came up there is no group
 * yet: nothing is finished then, and a group at the start of the stream says so. Of entries that were there
 * before the run nobody can say that: a group that had finished them may have been deleted. Nor is there nothing to
 * give back where the run has brought more into the stream than was ever added to it: Redis has lost it.
 *
 * @throws QctlError `refused` GROUP_MISSING; `failed` STREAM_LOST
 */
export async function madeSureOfGroup(
  { stream, group, partitions }: BackDrain,
  { host, guard, startedAt, brought }: Pick<StepWorld, 'host' | 'guard' | 'startedAt' | 'brought'>,
): Promise<boolean> {
  const redis = await host.redis();
  const elapsedMs = host.now().getTime() - Date.parse(startedAt);
  const keys = partitionKeys(stream, partitions ?? 1);
  const all = await Promise.all(keys.map((key) => readFacts(redis, key)));
  const added = addedTo(all);
  if (added !== null && added < brought(stream)) throw lost(stream, brought(stream), added);
  let found = false;
  for (const [at, key] of keys.entries()) {
    const facts = all[at];
    if (!facts && (await redis.client.exists(streamKeys(key).delayed)) === 0) continue;
    found = true;
    if (facts?.groups.some((one) => one.group === group)) continue;
    if (facts && oldestMs(facts) > elapsedMs + BEFORE_MS) throw ofBefore(key, group);
    await guard();
    await redis.client.xgroup('CREATE', key, group, '0', 'MKSTREAM').catch((error: Error) => {
      if (!error.message.startsWith('BUSYGROUP')) throw error;
    });
  }
  return found;
}

/** Entries that were ever added; null where Redis does not know, which is so before 7.0. */
function addedTo(all: readonly (StreamFacts | undefined)[]): number | null {
  const counts = all.map((facts) => (facts ? facts.entriesAdded : 0));
  return counts.every((count) => count !== null) ? counts.reduce((sum, count) => sum + count, 0) : null;
}

function lost(stream: string, wanted: number, added: number): QctlError {
  const what = added === 0 ? 'is not there' : `has had ${added} ${plural(added, 'entry')} in all`;
  return new QctlError(
    'failed',
    `${stream} ${what}, and this run has brought ${wanted} ${plural(wanted, 'message')} there: redis has lost them`,
    {
      code: 'STREAM_LOST',
      hint: [
        'bring them back from a backup of Redis, or from an archive of the drain, and go back again',
        'where they were deleted on purpose, or are given up: qctl rollback --assume-undone with this step',
      ],
    },
  );
}

/** Age of the first entry. */
function oldestMs({ firstId, timeMs }: StreamFacts): number {
  return firstId === null ? 0 : timeMs - Number(firstId.split('-')[0]);
}

function ofBefore(stream: string, group: string): QctlError {
  const what = `${stream} has entries of before this run and no group ${group}: what of it is finished nobody knows`;
  const make = `qctl group create ${stream} ${group} --from`;
  return new QctlError('refused', what, {
    code: 'GROUP_MISSING',
    hint: [
      `${make} start where nothing is finished, --from ID where all up to that entry is; then go back again`,
    ],
  });
}
