import type { RedisFacts } from './info.ts';

/** The facts of several masters as one: of each the value that promises least. Null wins over all. */
export function worstOf(nodes: RedisFacts[]): RedisFacts {
  const [first] = nodes;
  if (!first || nodes.length === 1) return first ?? NOTHING;
  const fullest = nodes.reduce((low, one) => (headroom(one) < headroom(low) ? one : low));
  return {
    version: least(nodes, 'version', versionNumber),
    flavour: first.flavour,
    role: least(nodes, 'role', (role) => (role === 'master' ? 1 : 0)),
    runId: nodes.some((one) => one.runId === null) ? null : nodes.map((one) => one.runId).join(','),
    maxmemory: fullest.maxmemory,
    usedMemory: fullest.usedMemory,
    maxmemoryPolicy: least(nodes, 'maxmemoryPolicy', (policy) => (policy === 'noeviction' ? 1 : 0)),
    aofEnabled: least(nodes, 'aofEnabled', Number),
    appendfsync: least(nodes, 'appendfsync', (mode) => FSYNC.indexOf(mode)),
    writable: least(nodes, 'writable', Number),
    saveFailed: least(nodes, 'saveFailed', (failed) => (failed ? 0 : 1)),
    rdbSave: least(nodes, 'rdbSave', (save) => save.length),
    connectedReplicas: least(nodes, 'connectedReplicas', Number),
    evictedKeys: sum(nodes, (one) => one.evictedKeys),
    rejectedConnections: sum(nodes, (one) => one.rejectedConnections),
    hasWaitAof: least(nodes, 'hasWaitAof', Number),
    timeMs: least(nodes, 'timeMs', Number),
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

function least<K extends keyof RedisFacts>(
  nodes: RedisFacts[],
  name: K,
  rank: (value: NonNullable<RedisFacts[K]>) => number,
): RedisFacts[K] | null {
  const values = nodes.map((one) => one[name]);
  if (values.includes(null as RedisFacts[K])) return null;
  return (values as NonNullable<RedisFacts[K]>[]).reduce((low, value) =>
    rank(value) < rank(low) ? value : low,
  );
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
