import type { Redis } from 'ioredis';
import { ifAllowed, parseInfo, setting } from '../../backends/redis/info.ts';
import { hostPort } from '../../backends/redis/label.ts';
import { addressOf } from './address.ts';
import type { ReplicaFacts } from './facts.ts';
import { type Latency, measureLatency } from './latency.ts';

/** What one master says of itself, besides what every command of qctl asks. Null: it may not be asked. */
export interface NodeFacts extends Latency {
  /** `host:port`. */
  address: string;
  usedMemoryBytes: number | null;
  peakMemoryBytes: number | null;
  systemMemoryBytes: number | null;
  maxmemoryBytes: number | null;
  maxmemoryPolicy: string | null;
  fragmentationRatio: number | null;
  allocator: string | null;
  evictedKeys: number | null;
  connectedClients: number | null;
  maxClients: number | null;
  opsPerSecond: number | null;
  replicas: ReplicaFacts[] | null;
  goodReplicas: number | null;
  minReplicasToWrite: number | null;
  minReplicasMaxLagSeconds: number | null;
  streamNodeMaxBytes: number | null;
  streamNodeMaxEntries: number | null;
  lazyDelete: boolean | null;
}

/** Looks at one master; changes nothing. */
export async function lookAtNode(node: Redis): Promise<NodeFacts> {
  const [text, settings] = await Promise.all([ifAllowed(node.info()), readSettings(node)]);
  const info = parseInfo(text ?? '');
  return {
    address: addressOf(node).shown,
    ...memoryOf(info),
    evictedKeys: numberIn(info, 'evicted_keys'),
    connectedClients: numberIn(info, 'connected_clients'),
    opsPerSecond: numberIn(info, 'instantaneous_ops_per_sec'),
    replicas: text === null ? null : replicasOf(info),
    goodReplicas: numberIn(info, 'min_slaves_good_slaves'),
    ...settings,
    maxClients: settings.maxClients ?? numberIn(info, 'maxclients'),
    ...(await measureLatency(node)),
  };
}

function memoryOf(info: Map<string, string>) {
  return {
    usedMemoryBytes: numberIn(info, 'used_memory'),
    peakMemoryBytes: numberIn(info, 'used_memory_peak'),
    systemMemoryBytes: numberIn(info, 'total_system_memory'),
    maxmemoryBytes: numberIn(info, 'maxmemory'),
    maxmemoryPolicy: info.get('maxmemory_policy') ?? null,
    fragmentationRatio: numberIn(info, 'mem_fragmentation_ratio'),
    allocator: info.get('mem_allocator') ?? null,
  };
}

async function readSettings(node: Redis) {
  const number = async (name: string): Promise<number | null> => asNumber(await setting(node, name));
  const [maxClients, toWrite, maxLag, nodeBytes, nodeEntries, lazy] = await Promise.all([
    number('maxclients'),
    number('min-replicas-to-write'),
    number('min-replicas-max-lag'),
    number('stream-node-max-bytes'),
    number('stream-node-max-entries'),
    setting(node, 'lazyfree-lazy-user-del'),
  ]);
  return {
    maxClients,
    minReplicasToWrite: toWrite,
    minReplicasMaxLagSeconds: maxLag,
    streamNodeMaxBytes: nodeBytes,
    streamNodeMaxEntries: nodeEntries,
    lazyDelete: lazy === null ? null : lazy === 'yes',
  };
}

/** `slave0:ip=10.0.0.2,port=6379,state=online,offset=1204,lag=0`. */
function replicasOf(info: Map<string, string>): ReplicaFacts[] {
  const written = numberIn(info, 'master_repl_offset');
  const lines = [...info].filter(([name]) => /^slave\d+$/.test(name));
  return lines.map(([, line]) => {
    const part = new Map(line.split(',').map((pair) => pair.split('=', 2) as [string, string]));
    const offset = numberIn(part, 'offset');
    return {
      address: hostPort({ host: part.get('ip') ?? '', port: Number(part.get('port')) }),
      state: part.get('state') ?? '',
      lagSeconds: numberIn(part, 'lag'),
      behindBytes: written === null || offset === null ? null : Math.max(0, written - offset),
    };
  });
}

function numberIn(fields: Map<string, string>, name: string): number | null {
  return asNumber(fields.get(name) ?? null);
}

function asNumber(text: string | null): number | null {
  return text === null || text === '' || Number.isNaN(Number(text)) ? null : Number(text);
}
