import { formatBytes } from '../../model/bytes.ts';
import type { Finding } from '../../model/finding.ts';
import type { ReplicaFacts } from './facts.ts';
import type { NodeFacts } from './node.ts';

/** What is wrong with one master, besides what the preflight of a drain says. */
export function nodeFindings(node: NodeFacts): Finding[] {
  const findings = [
    replicasRequired(node),
    replicaBehind(node),
    evictedKeys(node),
    unlimited(node),
    clientsNearLimit(node),
    highLatency(node),
    streamNodes(node),
  ];
  return findings.filter((finding) => finding !== undefined);
}

function replicasRequired({ minReplicasToWrite: wanted, goodReplicas, ...node }: NodeFacts) {
  if (!wanted || goodReplicas === null || goodReplicas >= wanted) return undefined;
  return is(
    'blocker',
    'REPLICAS_REQUIRED',
    `min-replicas-to-write is ${wanted} and ${goodReplicas} ${goodReplicas === 1 ? 'replica follows' : 'replicas follow'} closely enough (min-replicas-max-lag ${node.minReplicasMaxLagSeconds ?? 10} s): every write is refused`,
    `connect ${wanted - goodReplicas} more, or CONFIG SET min-replicas-to-write ${goodReplicas}`,
  );
}

/** What a replica may have to catch up with between two of its reports, once a second, on a busy server. */
const BEHIND_BYTES = 64 * 1024 * 1024;

function replicaBehind({ replicas, minReplicasMaxLagSeconds }: NodeFacts) {
  const tolerated = minReplicasMaxLagSeconds || 10;
  const behind = (replicas ?? []).flatMap((one) => troubleOf(one, tolerated) ?? []);
  if (behind.length === 0) return undefined;
  return is(
    'warning',
    'REPLICA_BEHIND',
    `${behind.join('; ')}: a failover to it would lose what it has not got`,
    'wait until INFO replication shows state=online and a lag of 0 or 1; see the link and the load of that host',
  );
}

function troubleOf({ address, state, lagSeconds, behindBytes }: ReplicaFacts, tolerated: number) {
  const replica = `replica ${address}`;
  if (state !== 'online') return `${replica} is still being synchronised (${state})`;
  if ((lagSeconds ?? 0) > tolerated) return `${replica} has not been heard of for ${lagSeconds} s`;
  if ((behindBytes ?? 0) >= BEHIND_BYTES) return `${replica} is ${formatBytes(behindBytes!)} behind`;
  return undefined;
}

function evictedKeys({ evictedKeys: keys, maxmemoryPolicy }: NodeFacts) {
  if (!keys) return undefined;
  const still = maxmemoryPolicy !== 'noeviction';
  return is(
    still ? 'warning' : 'note',
    'EVICTED_KEYS',
    `${keys} ${keys === 1 ? 'key was' : 'keys were'} deleted to make room since the server started${still ? ` (maxmemory-policy ${maxmemoryPolicy ?? 'unknown'})` : ''}: its memory has been full`,
    `${still ? 'CONFIG SET maxmemory-policy noeviction and ' : ''}raise maxmemory; CONFIG RESETSTAT then counts from 0 again`,
  );
}

/** What should be left to the system, to a fork that saves, and to buffers. */
const SHARE = 0.75;

function unlimited({ maxmemoryBytes, systemMemoryBytes, usedMemoryBytes }: NodeFacts) {
  if (maxmemoryBytes !== 0) return undefined;
  const [used, all] = [usedMemoryBytes, systemMemoryBytes];
  const numbers =
    used === null || all === null ? '' : `; ${formatBytes(used)} of ${formatBytes(all)} are used`;
  const limit = all === null ? 'BYTES' : `${Math.floor((all * SHARE) / 1024 / 1024)}mb`;
  return is(
    'note',
    'MAXMEMORY_UNLIMITED',
    `maxmemory is 0: a backlog that does not fit ends with the system killing Redis, not with a refused write${numbers}`,
    `CONFIG SET maxmemory ${limit} (and in redis.conf), with maxmemory-policy noeviction; less where a container has less memory than its host`,
  );
}

function clientsNearLimit({ connectedClients: connected, maxClients: most }: NodeFacts) {
  if (connected === null || !most) return undefined;
  const free = most - connected;
  if (free >= Math.max(10, most / 10)) return undefined;
  return is(
    'warning',
    'CLIENTS_NEAR_LIMIT',
    `${connected} clients of at most ${most} are connected: consumers and qctl may be refused`,
    `CONFIG SET maxclients ${Math.max(2 * most, connected + 100)} (and in redis.conf; see ulimit -n), or find who keeps connections: CLIENT LIST`,
  );
}

const HIGH_MS = 50;

function highLatency({ pingP50Ms: p50, pingP99Ms: p99 }: NodeFacts) {
  if (p50 === null || p99 === null || p99 < HIGH_MS) return undefined;
  const always = p50 >= HIGH_MS;
  return is(
    always ? 'warning' : 'note',
    'HIGH_LATENCY',
    `a round trip takes ${p50.toFixed(1)} ms, one in 100 ${p99.toFixed(1)} ms or more: every append waits for at least one`,
    always
      ? 'run qctl near Redis, in the same network; or more of --workers and a larger --batch'
      : 'see SLOWLOG GET and LATENCY DOCTOR on the server, and how busy this host is',
  );
}

const DEFAULT_BYTES = 4096;
const DEFAULT_ENTRIES = 100;

function streamNodes({ streamNodeMaxBytes: bytes, streamNodeMaxEntries: entries }: NodeFacts) {
  if (bytes === null || entries === null) return undefined;
  const settings = `stream-node-max-bytes is ${bytes} and stream-node-max-entries ${entries}`;
  const remedy = `CONFIG SET stream-node-max-bytes ${DEFAULT_BYTES} and CONFIG SET stream-node-max-entries ${DEFAULT_ENTRIES}, as Redis has them by default, before the first entry`;
  const told = (level: Finding['level'], meaning: string): Finding =>
    is(level, 'STREAM_NODE_SETTINGS', `${settings}: ${meaning}`, remedy);
  if (bytes === 0 && entries === 0)
    return told('warning', 'a node of a stream grows without end, and every append copies all of it');
  if (bytes === 0 || bytes > 64 * DEFAULT_BYTES || entries > 100 * DEFAULT_ENTRIES)
    return told(
      'note',
      'nodes of a stream grow large, and reading or deleting one entry goes through a whole node',
    );
  if (bytes < DEFAULT_BYTES / 8 || (entries > 0 && entries < DEFAULT_ENTRIES / 10))
    return told('note', 'nodes of a stream hold few entries, and each entry takes more memory');
  return undefined;
}

function is(level: Finding['level'], code: string, text: string, remedy: string): Finding {
  return { level, code, text, remedy };
}
