import type { RedisServerFacts } from '../../../src/analyse/index.ts';
import { plural } from '../../../src/model/plural.ts';
import type { FactRow } from '../fact-text.ts';
import { bytes, count, lasting, latency, listed, rate, told, UNKNOWN } from './words.ts';

/** What of a server an operator looks at first. */
export function briefRedis(facts: RedisServerFacts): FactRow[] {
  const { connectedClients, maxClients, rejectedConnections, opsPerSecond } = facts;
  return [
    ['server', serverText(facts)],
    ['connection', connectionText(facts)],
    ['persistence', persistenceText(facts)],
    ['memory', memoryText(facts)],
    ['replicas', replicasText(facts)],
    [
      'clients',
      listed(
        `${count(connectedClients)} of at most ${count(maxClients)}`,
        (rejectedConnections ?? 0) > 0 && `${count(rejectedConnections)} were rejected`,
      ),
    ],
    ['load', `${rate(opsPerSecond)} commands`],
    ['latency', latencyText(facts)],
    ['clock', told(facts.clockSkewMs, clockText)],
  ];
}

function serverText({ flavour, version, mode, role, masters, clusterState }: RedisServerFacts): string {
  const kind =
    mode === 'cluster' ? `cluster of ${count(masters)} masters, state ${clusterState ?? UNKNOWN}` : mode;
  return listed(
    `${flavour ?? 'Redis'} ${version ?? `of ${UNKNOWN} version`}`,
    kind,
    mode !== 'cluster' && (role ?? `role ${UNKNOWN}`),
  );
}

function connectionText({ tls, network, user }: RedisServerFacts): string {
  return listed(
    tls ? 'TLS' : 'no TLS',
    network !== null && (network === 'loopback' ? 'this host' : `${network} network`),
    `user ${user ?? UNKNOWN}`,
  );
}

function persistenceText({
  aofEnabled,
  appendfsync,
  rdbSave,
  saveFailed,
  writable,
}: RedisServerFacts): string {
  const aof = told(aofEnabled, (on) => (on ? `fsync ${appendfsync ?? UNKNOWN}` : 'off'));
  return listed(
    `append-only file ${aof}`,
    `snapshots ${told(rdbSave, (points) => points || 'off')}`,
    saveFailed === true && 'the last save failed',
    writable === false && 'writes are refused',
  );
}

function memoryText(facts: RedisServerFacts): string {
  const { usedMemoryBytes, maxmemoryBytes, systemMemoryBytes, maxmemoryPolicy, evictedKeys } = facts;
  const limit =
    maxmemoryBytes === 0
      ? `no maxmemory, the host has ${bytes(systemMemoryBytes)}`
      : `maxmemory ${bytes(maxmemoryBytes)}`;
  return listed(
    `${bytes(usedMemoryBytes)} used`,
    limit,
    `policy ${maxmemoryPolicy ?? UNKNOWN}`,
    (evictedKeys ?? 0) > 0 && `${count(evictedKeys)} ${plural(evictedKeys, 'key was')} evicted`,
  );
}

function replicasText({ connectedReplicas, minReplicasToWrite, goodReplicas }: RedisServerFacts): string {
  return listed(
    `${count(connectedReplicas)} connected`,
    (minReplicasToWrite ?? 0) > 0 &&
      `${count(minReplicasToWrite)} needed to write, ${count(goodReplicas)} good`,
  );
}

function latencyText({ pingP50Ms, pingP99Ms, scriptP50Ms, scriptP99Ms }: RedisServerFacts): string {
  return `ping p50 ${latency(pingP50Ms)}, p99 ${latency(pingP99Ms)}; script p50 ${latency(scriptP50Ms)}, p99 ${latency(scriptP99Ms)}`;
}

/** Less than this is no skew that anybody would notice. */
const SAME_TIME_MS = 100;

function clockText(skewMs: number): string {
  if (Math.abs(skewMs) < SAME_TIME_MS) return 'that of this host';
  return `${lasting(Math.abs(skewMs))} ${skewMs > 0 ? 'ahead of' : 'behind'} this host`;
}
