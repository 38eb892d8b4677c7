import type { RedisFacts } from '../backends/redis/index.ts';
import { QctlError } from '../errors.ts';
import type { Finding } from '../model/finding.ts';
import type { Durability } from '../sinks/durability.ts';

/** Findings of what a Redis may forget of that which it has confirmed; a proof must name them. */
export const MAY_FORGET: ReadonlySet<string> = new Set([
  'WAIT_FEWER_THAN_REPLICAS',
  'NO_PERSISTENCE',
  'SNAPSHOTS_ONLY',
  'FSYNC_EVERY_SECOND',
  'ASYNC_REPLICATION',
]);

/** Understands `--durability`; what this Redis cannot do, or may lose all the same, is added to the findings. */
export function chooseDurability(wanted: string, facts: RedisFacts, findings: Finding[]): Durability {
  const replicas = /^wait:(\d+)$/.exec(wanted)?.[1];
  if (wanted === 'aof') return aofDurability(facts, findings);
  if (replicas !== undefined) {
    const connected = facts.connectedReplicas;
    if (connected !== null && connected < Number(replicas)) {
      findings.push({
        level: 'blocker',
        code: 'TOO_FEW_REPLICAS',
        text: `--durability wait:${replicas} needs ${replicas} replicas and ${connected} are connected`,
        remedy: 'connect replicas, or ask for fewer',
      });
    }
    if (connected !== null && connected > Number(replicas)) {
      findings.push({
        level: 'note',
        code: 'WAIT_FEWER_THAN_REPLICAS',
        text: `--durability wait:${replicas} and ${connected} replicas: a failover may promote one that has not confirmed the last appends`,
        remedy: `--durability wait:${connected}`,
      });
    }
    return { kind: 'wait', replicas: Number(replicas) };
  }
  if (wanted !== 'memory')
    throw new QctlError('usage', `--durability ${wanted}: expected memory, wait:N or aof`, {
      code: 'BAD_DURABILITY',
      hint: ['wait:1 waits for one replica, aof for the disk of the primary'],
    });
  findings.push(...memoryFindings(facts));
  return { kind: 'memory' };
}

const SYNC_ALWAYS = 'CONFIG SET appendfsync always for the time of the drain';

/** What makes appends outlive a crash on this Redis: --durability aof is refused where there is no WAITAOF. */
function syncing({ hasWaitAof, version }: RedisFacts): string {
  if (hasWaitAof) return '--durability aof';
  return `${SYNC_ALWAYS} (Redis ${version ?? 'of unknown version'} has no WAITAOF for --durability aof)`;
}

function aofDurability(facts: RedisFacts, findings: Finding[]): Durability {
  if (facts.aofEnabled === false) {
    findings.push({
      level: 'blocker',
      code: 'NO_AOF',
      text: '--durability aof, but this Redis keeps no append-only file',
      remedy: facts.hasWaitAof
        ? 'CONFIG SET appendonly yes (and in redis.conf)'
        : `CONFIG SET appendonly yes (and in redis.conf), and ${SYNC_ALWAYS}`,
    });
  } else if (!facts.hasWaitAof && facts.appendfsync !== 'always') {
    findings.push({
      level: 'blocker',
      code: 'NO_WAITAOF',
      text: `--durability aof: Redis ${facts.version ?? 'of unknown version'} has no WAITAOF (7.2 and newer have), and appendfsync is ${facts.appendfsync ?? 'unknown'}`,
      remedy: `${SYNC_ALWAYS}, or update Redis`,
    });
  }
  return { kind: 'aof', wait: facts.hasWaitAof === true && facts.appendfsync !== 'always' };
}

function memoryFindings(facts: RedisFacts): Finding[] {
  const findings: Finding[] = [];
  if (facts.aofEnabled === false && facts.rdbSave === '') {
    findings.push({
      level: 'warning',
      code: 'NO_PERSISTENCE',
      text: 'this Redis keeps nothing on disk: a restart loses every message in it',
      remedy: `CONFIG SET appendonly yes, and ${syncing(facts)}`,
    });
  } else if (facts.aofEnabled === false) {
    findings.push({
      level: 'warning',
      code: 'SNAPSHOTS_ONLY',
      text: 'this Redis keeps snapshots only: a crash loses what came after the last one',
      remedy: `CONFIG SET appendonly yes, and ${syncing(facts)}`,
    });
  } else if (facts.aofEnabled && facts.appendfsync === 'everysec') {
    findings.push({
      level: 'note',
      code: 'FSYNC_EVERY_SECOND',
      text: 'the append-only file is synced once a second: a crash of the host may lose the last second',
      remedy: facts.hasWaitAof ? '--durability aof waits for it' : syncing(facts),
    });
  }
  if (facts.connectedReplicas)
    findings.push({
      level: 'note',
      code: 'ASYNC_REPLICATION',
      text: 'replication is asynchronous: a failover may lose the last writes',
      remedy: `--durability wait:${facts.connectedReplicas}`,
    });
  return findings;
}

/** What speaks against that durability, on this Redis. */
export function durabilityFindings(wanted: string, facts: RedisFacts): Finding[] {
  const findings: Finding[] = [];
  chooseDurability(wanted, facts, findings);
  return findings;
}
