import { formatBytes } from '../../../src/model/bytes.ts';
import { formatDuration } from '../../../src/model/duration.ts';
import type { RedisRow } from '../../../src/overview/index.ts';
import { rateText } from '../../load/words.ts';
import { colourOf } from '../../term/colour.ts';
import { grouped } from '../../term/number.ts';
import { printable, truncate, visibleWidth } from '../../term/text.ts';
import { trendText } from '../cells.ts';
import type { Scene } from '../scene.ts';
import type { Text } from '../table.ts';

/** A number of the server, and the name under which it is remembered. */
type Line = readonly [name: string, value: string | null, series?: string];

/** The server itself; numbers that change with their course. */
export function redisView(scene: Scene): Text {
  const { snapshot, output } = scene;
  const lines = linesOf(snapshot.redis);
  const nameWidth = Math.max(...lines.map(([name]) => name.length));
  const valueWidth = Math.max(
    ...lines.filter(([, , series]) => series).map(([, value]) => visibleWidth(value ?? '-')),
  );
  const room = Math.min(MOST_TREND, output.columns - nameWidth - valueWidth - 4);
  const { bold, cyan } = colourOf(output);
  return {
    kind: 'text',
    lines: lines.map(([name, value, series]) => {
      const text = truncate(printable(value ?? '-'), Math.max(1, output.columns - nameWidth - 2));
      const trend = series && room >= LEAST_TREND ? trendText(scene.redisHistory(), series, room) : null;
      const line = `${bold(name.padEnd(nameWidth))}  ${text}`;
      return trend === null
        ? line
        : `${line}${' '.repeat(2 + Math.max(0, valueWidth - visibleWidth(text)))}${cyan(trend)}`;
    }),
  };
}

const LEAST_TREND = 8;
const MOST_TREND = 100;

function linesOf(redis: RedisRow): Line[] {
  const { clients, fragmentation, uptimeMs } = redis;
  return [
    ['server', redis.label],
    ['version', redis.version],
    ['kind', redis.kind],
    ['role', roleText(redis)],
    ['replicas', countText(redis.replicas)],
    ['uptime', uptimeMs === null ? null : formatDuration(uptimeMs)],
    ['memory', memoryText(redis), 'usedMemoryBytes'],
    ['fragmentation', fragmentation === null ? null : fragmentation.toFixed(2)],
    ['eviction', redis.maxMemoryPolicy],
    ['evicted keys', countText(redis.evictedKeys)],
    ['clients', countText(clients), 'clients'],
    ['blocked', countText(redis.blockedClients)],
    ['operations', rateText(redis.operationsPerSecond), 'operationsPerSecond'],
    ['hit ratio', percentText(redis.hitRatio), 'hitRatio'],
    ['keys', countText(redis.keys)],
    ['last save', redis.lastSave],
  ];
}

/** `1.4 MiB of 2.0 GiB (70%)`; null where it is not known. */
function memoryText({ usedMemoryBytes, maxMemoryBytes }: RedisRow): string | null {
  if (usedMemoryBytes === null) return null;
  const used = formatBytes(usedMemoryBytes);
  if (maxMemoryBytes === null) return `${used}, no limit`;
  return `${used} of ${formatBytes(maxMemoryBytes)} (${Math.round((usedMemoryBytes / maxMemoryBytes) * 100)}%)`;
}

/** In the words of `check redis`. */
export function roleText({ role }: Pick<RedisRow, 'role'>): string | null {
  if (role === 'master') return 'primary';
  return role === 'slave' ? 'replica' : role;
}

function countText(n: number | null): string | null {
  return n === null ? null : grouped(n);
}

function percentText(share: number | null): string | null {
  return share === null ? null : `${(share * 100).toFixed(1)}%`;
}
