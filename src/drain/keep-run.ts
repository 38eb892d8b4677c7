import type { Cluster, Redis } from 'ioredis';
import { runScript } from '../backends/redis/script.ts';
import { primaryFields } from '../backends/redis/scripts/primary-fields.ts';
import { takeLock } from '../backends/redis/scripts/take-lock.ts';
import { isQctlError } from '../errors.ts';
import { partitionKeys, streamKeys } from '../model/keys.ts';
import { dataLost } from '../sinks/index.ts';
import { lockArgs, lockFor } from './attach.ts';
import { heldBy } from './attach-refusals.ts';
import type { Manifest } from './manifest.ts';
import type { Membership, RunView } from './membership.ts';
import type { OpenDrain } from './open.ts';
import type { Published } from './published.ts';
import { RunStore } from './run-store.ts';

/**
 * Says that this process lives, and writes again what a failover has taken back of the run: its record,
 * its place in the index, its lock on the source. In a cluster each of them may stand on a shard of its
 * own, and be older than the rest. Throws TARGET_LOST_DATA where what it has appended is gone as well,
 * `locked` where another run has taken the source meanwhile.
 */
export async function keepRun(
  drain: OpenDrain,
  membership: Membership,
  published?: Published,
): Promise<RunView> {
  const view = await membership.beat(published);
  // The lease matters more: what fails for a moment is done with the next beat.
  await keepLock(drain).catch((error) => {
    if (isQctlError(error)) throw error;
  });
  if (view.state !== '') return view;
  const { redis, attachment } = drain;
  const { manifest } = attachment;
  if (!(await standsBeside(redis.client, manifest)))
    throw dataLost(redis.label, `run ${manifest.run} is not recorded any more`, { run: manifest.run });
  await new RunStore(redis.client).restore(manifest);
  return membership.beat(published);
}

async function keepLock({ redis, attachment, request }: OpenDrain): Promise<void> {
  const { manifest, replaces } = attachment;
  const take = async (expected: string): Promise<string | undefined> => {
    const args = lockArgs(manifest.run, expected, request, new Date(manifest.createdAt));
    const [taken, holder] = (await runScript(
      redis.client,
      takeLock,
      [lockFor(manifest.sourceIdentity)],
      args,
    )) as [number, string];
    return taken === 1 ? undefined : holder;
  };
  // As it was before this run took it: by the run before, or by nobody.
  const holder = await take(replaces);
  if (holder === undefined || (holder === '' && (await take('')) === undefined)) return;
  throw heldBy(holder, []);
}

/** Whether anything that the run keeps beside its streams is still there. */
async function standsBeside(client: Redis | Cluster, manifest: Manifest): Promise<boolean> {
  const keys = partitionKeys(manifest.target.stream, manifest.target.partitions).map(streamKeys);
  const looks = keys.map(async ({ checkpoint, stats }) => {
    const name = manifest.lanes > 0 ? checkpoint(manifest.run, 0) : stats(manifest.run);
    const [found] = (await runScript(
      client,
      primaryFields,
      [name],
      [manifest.lanes > 0 ? 'token' : 'step'],
    )) as [string | null];
    return found !== null;
  });
  return (await Promise.all(looks)).includes(true);
}
