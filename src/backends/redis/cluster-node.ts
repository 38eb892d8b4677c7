import { QctlError } from '../../errors.ts';
import type { RedisConnection } from './connect.ts';
import { replyCode, toTargetError } from './errors.ts';
import { CLUSTER_NODE } from './verdicts.ts';

/**
 * Throws `config` REDIS_IS_CLUSTER, as MOVED does, where one URL leads to a node of a cluster. To be asked
 * before anything that goes through the keys: SCAN is not redirected, and the node's own share would pass
 * for all there is. A user who may not ask sees no check.
 *
 * @param doing what was tried, as a verb phrase: `list the streams orders*`
 */
export async function refuseClusterNode(redis: RedisConnection, doing: string): Promise<void> {
  const { client, label } = redis;
  if ('nodes' in client) return;
  let info: string;
  try {
    info = String(await client.call('INFO', 'cluster'));
  } catch (error) {
    if (['NOPERM', 'ERR'].includes(replyCode(error))) return;
    throw toTargetError(error, label, doing);
  }
  if (!/^cluster_enabled:1\r?$/m.test(info)) return;
  const { kind, code, why, hint } = CLUSTER_NODE;
  throw new QctlError(kind, `cannot ${doing} (${label}): ${why}`, {
    code,
    hint: [...hint],
    details: { server: label },
  });
}
