import type { PlannedCommand, RedisConnection } from '../backends/redis/index.ts';
import { streamKeys } from '../model/keys.ts';
import type { ClaimRequest } from './claim.ts';
import { requireWritable } from './writable.ts';

/** What a user needs to claim, or to reap: there the consumer that takes over may not be needed. */
export type ClaimRights = Pick<ClaimRequest, 'stream' | 'group' | 'maxDeliveries' | 'deadLetter'>;

/** So many streams are asked about: those of one pattern have one rule as a rule. */
const MOST_ASKED = 10;

/** Throws what `requireWritable` does where a claim, or a reap, would be refused on its way. */
export async function checkClaimRights(
  redis: RedisConnection,
  requests: readonly ClaimRights[],
  { reap = false }: { reap?: boolean } = {},
): Promise<void> {
  const some = requests.slice(0, MOST_ASKED);
  const commands = some.flatMap((one) => [...claimCommands(one), ...(reap ? [deletion(one)] : [])]);
  const doing = reap ? 'reap consumers' : 'claim';
  await requireWritable(redis, some.length === 1 ? `${doing} of ${some[0]!.stream}` : doing, commands);
}

function claimCommands({ stream, group, maxDeliveries, deadLetter }: ClaimRights): PlannedCommand[] {
  const note = streamKeys(stream).operation('x');
  const dead = [
    { command: 'xadd', args: [deadLetter, '*', 'a', 'b'] },
    { command: 'xack', args: [stream, group, '0-1'] },
  ];
  return [
    { command: 'xautoclaim', args: [stream, group, 'x', '0', '0', 'JUSTID'] },
    { command: 'xclaim', args: [stream, group, 'x', '0', '0-1', 'JUSTID'] },
    { command: 'set', args: [note, 'x'] },
    ...(maxDeliveries === undefined ? [] : dead),
  ];
}

function deletion({ stream, group }: ClaimRights): PlannedCommand {
  return { command: 'xgroup', args: ['DELCONSUMER', stream, group, 'x'] };
}
