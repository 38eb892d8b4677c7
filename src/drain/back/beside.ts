import type { RedisConnection } from '../../backends/redis/index.ts';
import type { StreamConfig } from '../../config/schema.ts';
import type { Finding } from '../../model/finding.ts';
import { streamKeys } from '../../model/keys.ts';
import { plural } from '../../model/plural.ts';
import { shortList } from '../../model/short-list.ts';
import { streamSettings } from '../../streams/index.ts';
import type { GroupLook } from './look.ts';
import type { BackSettings } from './request.ts';

/** What stands beside the stream and is not touched, and who else reads it. */
export async function besideFindings(
  redis: RedisConnection,
  look: GroupLook,
  streams: Record<string, StreamConfig>,
  { delete: deletes }: BackSettings,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  let dead = 0;
  let quarantined = 0;
  for (const stream of look.streams) {
    const { deadLetter } = streamSettings(streams, stream, redis.kind === 'cluster');
    dead += await redis.client.xlen(deadLetter).catch(() => 0);
    quarantined += await redis.client.xlen(streamKeys(stream).quarantine).catch(() => 0);
  }
  if (dead > 0)
    findings.push({
      level: 'note',
      code: 'DEAD_LETTERS_STAY',
      text: `${dead} ${plural(dead, 'dead letter')} of the stream ${plural(dead, 'does')} not go back`,
      remedy: 'qctl dlq replay puts them into the stream first',
    });
  if (quarantined > 0)
    findings.push({
      level: 'note',
      code: 'QUARANTINE_STAYS',
      text: `${quarantined} ${plural(quarantined, 'message')} in quarantine ${plural(quarantined, 'does')} not go back`,
    });
  if (look.otherGroups.length > 0)
    findings.push({
      level: deletes ? 'warning' : 'note',
      code: 'OTHER_GROUPS',
      text: deletes
        ? `--delete takes what is given back from the other groups as well: ${shortList(look.otherGroups)}`
        : `other groups of the stream keep everything and are not asked: ${shortList(look.otherGroups)}`,
    });
  return findings;
}
