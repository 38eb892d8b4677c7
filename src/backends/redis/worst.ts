import type { RedisFacts } from './info.ts';

/** The facts of several masters as one: of each the value that promises least. Null wins over all. */
export function worstOf(nodes: RedisFacts[]): RedisFacts {
  const [first] = nodes;
  if (!first || nodes.length === 1) return first ?? NOTHING;
  const fullest = least(nodes, (one) => one, headroom)!;
  return {
    version: least(nodes, (one) => one.version, versionNumber),
    flavour: first.flavour,
    role: least(
      nodes,
      (one) => one.role,
      (role) => (role === 'master' ? 1 : 0),
    ),
    runId: nodes.some((one) => one.runId === null) ? null : nodes.map((one) => one.runId).join(','),
    maxmemory: fullest.maxmemory,
    usedMemory: fullest.usedMemory,
    maxmemoryPolicy: least(
      nodes,
      (one) => one.maxmemoryPolicy,
      (policy) => (policy === 'noeviction' ? 1 : 0),
    ),
    aofEnabled: least(nodes, (one) => one.aofEnabled, Number),
    appendfsync: least(
      nodes,
      (one) => one.appendfsync,
      (mode) => FSYNC.indexOf(mode),
    ),
    writable: least(nodes, (one) => one.writable, Number),
    saveFailed: least(
      nodes,
      (one) => one.saveFailed,
      (failed) => (failed ? 0 : 1),
    ),
    rdbSave: least(
      nodes,
      (one) => one.rdbSave,
      (save) => save.length,
    ),
    connectedReplicas: least(nodes, (one) => one.connectedReplicas, Number),
    evictedKeys: sum(nodes, (one) => one.evictedKeys),
    rejectedConnections: sum(nodes, (one) => one.rejectedConnections),
    hasWaitAof: least(nodes, (one) => one.hasWaitAof, Number),
    timeMs: least(nodes, (one) => one.timeMs, Number),
  };
}

const FSYNC = ['no', 'everysec', 'always'];

const NOTHING: RedisFacts = {
  version: null,
  flavour: null,
  role: null,
  runId: null,
  maxmemory: null,
  usedMemory: null,
  maxmemoryPolicy: null,
  aofEnabled: null,
  appendfsync: null,
  writable: null,
  saveFailed: null,
  rdbSave: null,
  connectedReplicas: null,
  evictedKeys: null,
  rejectedConnections: null,
  hasWaitAof: null,
  timeMs: null,
};

function least<T>(
  nodes: RedisFacts[],
  pick: (one: RedisFacts) => T | null,
  rank: (value: T) => number,
): T | null {
  const values = nodes.map(pick);
  if (values.includes(null)) return null;
  return (values as T[]).reduce((low, value) => (rank(value) < rank(low) ? value : low));
}

function sum(nodes: RedisFacts[], pick: (one: RedisFacts) => number | null): number | null {
  const values = nodes.map(pick);
  return values.includes(null) ? null : (values as number[]).reduce((total, value) => total + value, 0);
}

/** Free share of the memory limit, 0 to 1; a node without a limit has the most. */
function headroom({ maxmemory, usedMemory }: RedisFacts): number {
  if (maxmemory === null || usedMemory === null) return -1;
  return maxmemory === 0 ? 1 : 1 - usedMemory / maxmemory;
}

function versionNumber(version: string): number {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  return major * 1e6 + minor * 1e3 + patch;
}
