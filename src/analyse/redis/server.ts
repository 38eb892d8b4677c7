import type { RedisConnection, RedisFacts } from '../../backends/redis/index.ts';
import type { Access } from './access.ts';
import type { ClusterMap } from './cluster.ts';
import type { Network, RedisServerFacts } from './facts.ts';
import type { NodeFacts } from './node.ts';

/** Everything that was asked of a server. */
export interface ServerAnswers {
  redis: RedisConnection;
  common: RedisFacts;
  /** One for each master. */
  nodes: NodeFacts[];
  access: Access[];
  cluster: ClusterMap | null;
}

/** The facts of a server as they are shown: of several masters the worst. */
export function serverFacts({ redis, common, nodes, access, cluster }: ServerAnswers): RedisServerFacts {
  return {
    label: redis.label,
    flavour: common.flavour,
    version: common.version,
    mode: redis.kind,
    role: common.role,
    masters: nodes.length,
    clusterState: cluster?.state ?? null,
    slotsServed: cluster?.slotsServed ?? null,
    aofEnabled: common.aofEnabled,
    appendfsync: common.appendfsync,
    rdbSave: common.rdbSave,
    saveFailed: common.saveFailed,
    writable: common.writable,
    ...memoryFacts(common, nodes),
    rejectedConnections: common.rejectedConnections,
    ...replicaFacts(common, nodes),
    ...clientFacts(nodes),
    ...latencyFacts(nodes),
    ...accessFacts(access),
    streamNodeMaxBytes: most(nodes, (node) => node.streamNodeMaxBytes),
    streamNodeMaxEntries: most(nodes, (node) => node.streamNodeMaxEntries),
    lazyDelete: nodes.some((node) => node.lazyDelete === null)
      ? null
      : nodes.every((node) => node.lazyDelete),
  };
}

function memoryFacts(common: RedisFacts, nodes: NodeFacts[]) {
  return {
    maxmemoryPolicy: common.maxmemoryPolicy,
    maxmemoryBytes: common.maxmemory,
    usedMemoryBytes: common.usedMemory,
    peakMemoryBytes: most(nodes, (node) => node.peakMemoryBytes),
    systemMemoryBytes: least(nodes, (node) => node.systemMemoryBytes),
    fragmentationRatio: most(nodes, (node) => node.fragmentationRatio),
    allocator: nodes[0]?.allocator ?? null,
    evictedKeys: common.evictedKeys,
  };
}

function replicaFacts(common: RedisFacts, nodes: NodeFacts[]) {
  const lists = nodes.map((node) => node.replicas);
  return {
    connectedReplicas: common.connectedReplicas,
    replicas: lists.includes(null) ? null : lists.flatMap((list) => list ?? []),
    minReplicasToWrite: most(nodes, (node) => node.minReplicasToWrite),
    minReplicasMaxLagSeconds: least(nodes, (node) => node.minReplicasMaxLagSeconds),
    goodReplicas: least(nodes, (node) => node.goodReplicas),
  };
}

/** Of the master that has the least room. */
function clientFacts(nodes: NodeFacts[]) {
  const room = ({ maxClients, connectedClients }: NodeFacts): number =>
    (maxClients ?? 0) - (connectedClients ?? 0);
  const [fullest] = [...nodes].sort((a, b) => room(a) - room(b));
  return {
    connectedClients: fullest?.connectedClients ?? null,
    maxClients: fullest?.maxClients ?? null,
    opsPerSecond: total(nodes, (node) => node.opsPerSecond),
  };
}

function latencyFacts(nodes: NodeFacts[]) {
  const skews = [...nodes].sort((a, b) => Math.abs(b.clockSkewMs ?? 0) - Math.abs(a.clockSkewMs ?? 0));
  return {
    pingP50Ms: most(nodes, (node) => node.pingP50Ms),
    pingP99Ms: most(nodes, (node) => node.pingP99Ms),
    scriptP50Ms: most(nodes, (node) => node.scriptP50Ms),
    scriptP99Ms: most(nodes, (node) => node.scriptP99Ms),
    clockSkewMs: skews[0]?.clockSkewMs ?? null,
  };
}

const FAR: (Network | null)[] = ['loopback', 'private', 'public'];

function accessFacts(access: Access[]) {
  const far = access.map(({ network }) => network).sort((a, b) => FAR.indexOf(b) - FAR.indexOf(a));
  const needed = access.map(({ passwordNeeded }) => passwordNeeded);
  return {
    tls: access.every(({ tls }) => tls),
    network: far[0] ?? null,
    user: access[0]?.user ?? null,
    passwordGiven: access.every(({ passwordGiven }) => passwordGiven),
    passwordNeeded: needed.includes(false) ? false : needed.includes(null) ? null : true,
  };
}

type Pick = (node: NodeFacts) => number | null;

/** Null where one of them may not be asked. */
function over(nodes: NodeFacts[], pick: Pick, together: (values: number[]) => number): number | null {
  const values = nodes.map(pick);
  return values.length === 0 || values.includes(null) ? null : together(values as number[]);
}

const most = (nodes: NodeFacts[], pick: Pick) => over(nodes, pick, (values) => Math.max(...values));
const least = (nodes: NodeFacts[], pick: Pick) => over(nodes, pick, (values) => Math.min(...values));
const total = (nodes: NodeFacts[], pick: Pick) =>
  over(nodes, pick, (values) => values.reduce((sum, value) => sum + value, 0));
