/**
 * What is known of the Redis server. On a cluster: what the worst of its masters says, unless it is said otherwise.
 * Null: not known, because it may not be asked.
 */
export interface RedisServerFacts {
  label: string;
  flavour: 'redis' | 'valkey' | null;
  version: string | null;
  mode: 'standalone' | 'sentinel' | 'cluster';
  role: 'master' | 'replica' | null;
  /** Masters of a cluster; 1 where it is none. */
  masters: number;
  /** As CLUSTER INFO says it: `ok` or `fail`; null without cluster. */
  clusterState: string | null;
  /** Of 16384; null without cluster. */
  slotsServed: number | null;
  aofEnabled: boolean | null;
  appendfsync: string | null;
  /** The save points as CONFIG shows them; empty: no snapshots. */
  rdbSave: string | null;
  /** Whether the last snapshot, or the last write to the append-only file, failed. */
  saveFailed: boolean | null;
  /** False while writes are refused because nothing can be saved. */
  writable: boolean | null;
  maxmemoryPolicy: string | null;
  /** 0: no limit. */
  maxmemoryBytes: number | null;
  usedMemoryBytes: number | null;
  peakMemoryBytes: number | null;
  /** Of the host, or of the container where Redis sees its limit. */
  systemMemoryBytes: number | null;
  /** Memory that the system gave, by memory that Redis asked for. */
  fragmentationRatio: number | null;
  /** `jemalloc-5.3.0`, `libc`. */
  allocator: string | null;
  /** Since the start of the server, of all masters together. */
  evictedKeys: number | null;
  rejectedConnections: number | null;
  connectedReplicas: number | null;
  replicas: ReplicaFacts[] | null;
  minReplicasToWrite: number | null;
  minReplicasMaxLagSeconds: number | null;
  /** Replicas that count for `minReplicasToWrite`; null where that is 0. */
  goodReplicas: number | null;
  connectedClients: number | null;
  maxClients: number | null;
  /** Over the last second or so, of all masters together. */
  opsPerSecond: number | null;
  /** Round trips of PING and of a script that does nothing, from this host, one after another. */
  pingP50Ms: number | null;
  pingP99Ms: number | null;
  scriptP50Ms: number | null;
  scriptP99Ms: number | null;
  /** How far Redis' clock is ahead of this host's; half of the round trip is taken out. */
  clockSkewMs: number | null;
  tls: boolean;
  /** Where the server's address lies; null where the connection has none at present. */
  network: Network | null;
  user: string | null;
  /** Whether this login gave a password. */
  passwordGiven: boolean;
  /** Whether user default may log in without a password, from anywhere. */
  passwordNeeded: boolean | null;
  /** 0: no limit. */
  streamNodeMaxBytes: number | null;
  streamNodeMaxEntries: number | null;
  /** Whether DEL of a large stream frees its memory in the background. */
  lazyDelete: boolean | null;
}

/** `loopback`: this very host; `private`: an address that the internet does not route. */
export type Network = 'loopback' | 'private' | 'public';

/** A replica as its primary sees it. */
export interface ReplicaFacts {
  /** `host:port`. */
  address: string;
  /** `online` once it follows. */
  state: string;
  /** Since it last said how far it is. */
  lagSeconds: number | null;
  /** What it has not confirmed. */
  behindBytes: number | null;
}

/** What is known of the stream that messages are to go to, over all its partitions. */
export interface TargetStreamFacts {
  stream: string;
  partitions: number;
  /** Partitions that exist; null where this user may not look. */
  partitionsThere: number | null;
  /** `stream`, `none`, or what stands under the name; the worst of all partitions; null where it may not be asked. */
  type: string | null;
  entries: number | null;
  memoryBytes: number | null;
  /** Scheduled messages that wait beside the stream until they are due. */
  waiting: number | null;
  /** RFC 3339; null where nothing waits. */
  nextDueAt: string | null;
  groups: TargetGroupFacts[] | null;
  /** What the configuration says; null where it says nothing. */
  configuredGroup: string | null;
  configuredMaxLen: number | null;
  configuredMaxAgeMs: number | null;
  /** The stream of dead letters, of the first partition where each has its own. */
  deadLetter: string | null;
  /** In all of them. */
  deadLetters: number | null;
  /** On a cluster how many partitions each master gets, the most first; null without cluster. */
  partitionsByMaster: number[] | null;
  /** Runs of qctl into this stream, or out of it, that are not finished; null where they may not be looked at. */
  unfinishedRuns: string[] | null;
}

/** A group over all partitions. */
export interface TargetGroupFacts {
  group: string;
  /** Entries that it has not been given; null where it is only known that it is more than `lagAtLeast`. */
  lag: number | null;
  lagAtLeast: number;
  pending: number;
  consumers: number;
  /** Consumers that have not asked for entries for `minIdle` of the configuration, or 5 minutes. */
  deadConsumers: number;
}
