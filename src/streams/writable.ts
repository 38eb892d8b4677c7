import {
  isRetryable,
  missingRights,
  type PlannedCommand,
  type RedisConnection,
  toTargetError,
} from '../backends/redis/index.ts';
import { QctlError } from '../errors.ts';

/**
 * Throws where Redis would refuse what is about to be done, before anything is: `target` on a replica,
 * which waiting would not turn into a primary, `refused` MISSING_RIGHTS where the user lacks a command or a
 * key (Redis 7.0 and later tell). Changes nothing.
 *
 * @param doing what for, as in `delete from orders:dead`
 * @param commands as they would be sent, with the keys they would touch
 */
export async function requireWritable(
  redis: RedisConnection,
  doing: string,
  commands: readonly PlannedCommand[],
): Promise<void> {
  if (commands.length === 0) return;
  await refuseReplica(redis, doing);
  const missing = (await missingRights(redis, [...commands])) ?? [];
  if (missing.length === 0) return;
  const text = `cannot ${doing} (${redis.label}): Redis would refuse ${[...new Set(missing)].join('; ')}`;
  throw new QctlError('refused', text, {
    code: 'MISSING_RIGHTS',
    hint: ['grant the commands and the keys, those of qctl:* included, with ACL SETUSER'],
  });
}

/** Sentinel and a cluster's client look for the primary themselves. */
async function refuseReplica({ client, kind, label }: RedisConnection, doing: string): Promise<void> {
  if (kind !== 'standalone') return;
  const info = await client.call('INFO', 'replication').catch((error: unknown) => {
    // A user who may not ask finds out when it is done.
    if (isRetryable(error, kind)) throw toTargetError(error, label, 'look at the replication');
    return '';
  });
  if (!/^role:slave\r?$/m.test(String(info)) || !/^slave_read_only:1\r?$/m.test(String(info))) return;
  const readonly = new Error("READONLY You can't write against a read only replica.");
  throw toTargetError(readonly, label, doing);
}
