import type { RedisFacts } from '../../src/backends/redis/index.ts';
import { between, type Finding, known, type Reading, type Thresholds } from '../../src/checks/index.ts';
import type { Metric } from './metrics.ts';

/** What a server is expected to be. */
export interface Expected {
  role: 'primary' | 'replica' | 'any';
  requirePersistence?: boolean;
}

/** What the numbers of a server may be. */
export interface RedisThresholds {
  memory: Thresholds;
  latency: Thresholds;
}

/** The numbers; what the server does not tell is left out, unless it is judged. */
export function redisReadings(
  { maxmemory, usedMemory, evictedKeys, rejectedConnections }: RedisFacts,
  latencyMs: number | null,
  thresholds: RedisThresholds,
): Reading<Metric>[] {
  const readings: Reading<Metric>[] = [latencyReading(latencyMs, thresholds.latency)];
  if (maxmemory === null || usedMemory === null) {
    const bounds = { atLeast: 0, atMost: Number.POSITIVE_INFINITY };
    readings.push(between('memory', bounds, 'INFO may not be read', thresholds.memory));
  } else if (maxmemory > 0) {
    const percent = Math.round((usedMemory / maxmemory) * 10_000) / 100;
    readings.push(known('memory', percent, thresholds.memory));
  }
  if (usedMemory !== null) readings.push(known('usedMemory', usedMemory));
  if (evictedKeys !== null) readings.push(known('evicted', evictedKeys));
  if (rejectedConnections !== null) readings.push(known('rejected', rejectedConnections));
  return readings;
}

function latencyReading(latencyMs: number | null, thresholds: Thresholds): Reading<Metric> {
  if (latencyMs !== null) return known('latency', latencyMs, thresholds);
  const bounds = { atLeast: 0, atMost: Number.POSITIVE_INFINITY };
  return between('latency', bounds, 'PING is not allowed', thresholds);
}

/** What no number says. Each is known, or UNKNOWN: no data is never a pass. */
export function redisFindings(facts: RedisFacts, expected: Expected): Finding[] {
  const found = [
    server(facts),
    role(facts, expected),
    limit(facts),
    policy(facts),
    persistence(facts, expected),
    saving(facts),
  ];
  return found.filter((finding) => finding !== undefined);
}

function server({ flavour, version }: RedisFacts): Finding | undefined {
  if (version === null) return undefined;
  const name = flavour === 'valkey' ? 'Valkey' : 'Redis';
  return { code: 'VERSION', status: 'ok', text: `${name} ${version}` };
}

function role({ role }: RedisFacts, expected: Expected): Finding {
  const code = 'ROLE';
  if (role === null) {
    const status = expected.role === 'any' ? 'ok' : 'unknown';
    return { code, status, text: 'the role may not be read' };
  }
  const actual = role === 'master' ? 'primary' : 'replica';
  if (expected.role === 'any' || expected.role === actual) return { code, status: 'ok', text: actual };
  return { code, status: 'critical', text: `it is a ${actual}, expected a ${expected.role}` };
}

function limit({ maxmemory }: RedisFacts): Finding | undefined {
  if (maxmemory !== 0) return undefined;
  return { code: 'NO_MAXMEMORY', status: 'ok', text: 'no maxmemory, so the percentage used is unknown' };
}

/** volatile-* deletes only keys that expire, and queues do not. */
function policy({ maxmemoryPolicy: policy, maxmemory }: RedisFacts): Finding | undefined {
  const code = 'EVICTION';
  if (policy === null) return { code, status: 'unknown', text: 'maxmemory-policy may not be read' };
  if (!policy.startsWith('allkeys-')) return { code, status: 'ok', text: policy };
  const when = maxmemory === 0 ? ' once maxmemory is set' : '';
  return { code, status: 'warning', text: `maxmemory-policy ${policy} may delete queued messages${when}` };
}

/** A last save that failed, where writes go on, loses what came since when the server crashes. */
function saving({ writable, saveFailed }: RedisFacts): Finding | undefined {
  const code = 'SAVE_FAILED';
  if (writable === false) {
    return { code, status: 'critical', text: 'it cannot save to its disk and refuses writes (MISCONF)' };
  }
  return saveFailed ? { code, status: 'warning', text: 'the last save to its disk failed' } : undefined;
}

/** Where it is not asked for, a server without persistence is what somebody wanted. */
function persistence({ aofEnabled, rdbSave }: RedisFacts, expected: Expected): Finding | undefined {
  if (!expected.requirePersistence) return undefined;
  const code = 'PERSISTENCE';
  if (aofEnabled) return { code, status: 'ok', text: 'append-only file' };
  if (rdbSave) return { code, status: 'ok', text: 'snapshots' };
  if (aofEnabled === null || rdbSave === null) {
    return { code, status: 'unknown', text: 'whether anything is kept on disk may not be read' };
  }
  return { code, status: 'warning', text: 'nothing is kept on disk: a restart loses all messages' };
}
