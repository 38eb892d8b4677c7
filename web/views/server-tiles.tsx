import type { ComponentChildren } from 'preact';
import type { RedisRow } from '../../src/overview/index.ts';
import { formatBytes, formatDuration, grouped, percentText } from '../lib/format.ts';
import { Count, Rate, Unknown } from '../parts/value.tsx';

const NO_RIGHT = 'this user may not ask';

/** Redis itself: memory, clients, operations, hit ratio, uptime. */
export function ServerTiles({ redis }: { redis: RedisRow }) {
  return (
    <section class="tiles" aria-label="Redis">
      <Tile name="Memory" under={memoryUnder(redis)}>
        {redis.usedMemoryBytes === null ? <Unknown why={NO_RIGHT} /> : formatBytes(redis.usedMemoryBytes)}
      </Tile>
      <Tile name="Operations /s">
        <Rate value={redis.operationsPerSecond} why={NO_RIGHT} />
      </Tile>
      <Tile name="Hit ratio" under="since the last look">
        {redis.hitRatio === null ? (
          <Unknown why="nothing was looked up since the last look" />
        ) : (
          percentText(redis.hitRatio)
        )}
      </Tile>
      <Tile
        name="Clients"
        under={redis.blockedClients === null ? '' : `${grouped(redis.blockedClients)} wait blocked`}
      >
        <Count value={redis.clients} why={NO_RIGHT} />
      </Tile>
      <Tile name="Keys" under={redis.evictedKeys ? `${grouped(redis.evictedKeys)} evicted` : 'none evicted'}>
        <Count value={redis.keys} why={NO_RIGHT} />
      </Tile>
      <Tile name="Up for" under={`${redis.kind}${redis.role ? `, ${redis.role}` : ''}`}>
        {redis.uptimeMs === null ? <Unknown why={NO_RIGHT} /> : formatDuration(redis.uptimeMs)}
      </Tile>
      <Tile name="Version" under={redis.replicas === null ? '' : `${grouped(redis.replicas)} replicas`}>
        {redis.version ?? <Unknown why={NO_RIGHT} />}
      </Tile>
      <Tile
        name="Last save"
        under={redis.fragmentation === null ? '' : `fragmentation ${redis.fragmentation.toFixed(2)}`}
      >
        {redis.lastSave === null ? (
          <Unknown why="nothing is written to disk" />
        ) : (
          <span class={redis.lastSave === 'failed' ? 'bad-text' : undefined}>{redis.lastSave}</span>
        )}
      </Tile>
    </section>
  );
}

function memoryUnder({ usedMemoryBytes, maxMemoryBytes, maxMemoryPolicy }: RedisRow): string {
  if (usedMemoryBytes === null) return '';
  if (maxMemoryBytes === null) return 'no limit';
  const share = percentText(usedMemoryBytes / maxMemoryBytes);
  return `${share} of ${formatBytes(maxMemoryBytes)}${maxMemoryPolicy ? `, ${maxMemoryPolicy}` : ''}`;
}

/** One number with its name, and what else there is to know of it. */
export function Tile({
  name,
  under = '',
  children,
}: {
  name: string;
  under?: string;
  children: ComponentChildren;
}) {
  return (
    <div class="tile">
      <span class="tile-name">{name}</span>
      <span class="tile-value">{children}</span>
      <span class="tile-under">{under}</span>
    </div>
  );
}
