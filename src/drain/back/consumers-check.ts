import type { RedisConnection } from '../../backends/redis/index.ts';
import { formatDuration } from '../../model/duration.ts';
import type { Finding } from '../../model/finding.ts';
import { shortList } from '../../model/short-list.ts';
import type { GroupLook } from './look.ts';
import type { BackSettings } from './request.ts';

/** Consumers of qctl itself: they hold entries of this or an earlier run. */
export function isOwnConsumer(name: string): boolean {
  return name.startsWith('qctl-back:') || name.startsWith('qctl-left:');
}

/** Who is still at work on the group. */
export async function consumerFindings(
  redis: RedisConnection,
  look: GroupLook,
  { activeWithinMs, allowActive }: BackSettings,
): Promise<Finding[]> {
  const active = look.consumers.filter(
    ({ consumer, idleMs }) => idleMs < activeWithinMs && !isOwnConsumer(consumer),
  );
  if (active.length > 0) {
    const names = shortList([...new Set(active.map(({ consumer }) => consumer))]);
    const text = `consumers of the group are at work (seen in the last ${formatDuration(activeWithinMs)}): ${names}`;
    return allowActive
      ? [
          {
            level: 'warning',
            code: 'CONSUMERS_ACTIVE',
            text: `${text}; one that finishes an entry that was given back does it twice`,
          },
        ]
      : [
          {
            level: 'blocker',
            code: 'CONSUMERS_ACTIVE',
            text,
            remedy:
              'stop them first; --allow-active goes on beside them, --active-within says how long ago still counts',
          },
        ];
  }
  return blockedFindings(redis);
}

/** A consumer that waits on a quiet stream looks idle; only the list of connections shows that there is somebody. */
async function blockedFindings({ client, kind }: RedisConnection): Promise<Finding[]> {
  if (kind === 'cluster') return [];
  const list = await client.call('CLIENT', 'LIST').catch(() => '');
  const waiting = String(list)
    .split('\n')
    .filter((line) => /\bflags=\S*b/.test(line) && /\bcmd=xreadgroup\b/.test(line)).length;
  if (waiting === 0) return [];
  return [
    {
      level: 'warning',
      code: 'CLIENTS_WAITING',
      text: `${waiting} connections to this Redis wait for entries of some group (XREADGROUP BLOCK); one that waits on this group looks idle and gets what is added next`,
      remedy: "stop the consumers first; 'CLIENT LIST' names the hosts",
    },
  ];
}
