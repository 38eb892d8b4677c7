import type { FindingKind } from '../finding.ts';

/** Findings about what a crash, a restart or a failover may take. */
export const PERSISTENCE_FINDINGS: readonly FindingKind[] = [
  {
    code: 'NO_PERSISTENCE',
    sides: ['redis'],
    levels: ['warning'],
    title: 'Redis keeps nothing on disk',
    why: 'The source lets go of a message once Redis has it. With neither append-only file nor snapshots a restart loses every message, and the source has none of them any more.',
    advice:
      'CONFIG SET appendonly yes (and in redis.conf), and drain with --durability aof; before Redis 7.2, which has no WAITAOF: CONFIG SET appendfsync always for the time of the drain.',
  },
  {
    code: 'SNAPSHOTS_ONLY',
    sides: ['redis'],
    levels: ['warning'],
    title: 'Redis keeps snapshots only',
    why: 'A crash loses whatever came after the last snapshot, which may be minutes of messages that the source has let go of.',
    advice:
      'CONFIG SET appendonly yes (and in redis.conf), and drain with --durability aof; before Redis 7.2, which has no WAITAOF: CONFIG SET appendfsync always for the time of the drain.',
  },
  {
    code: 'FSYNC_EVERY_SECOND',
    sides: ['redis'],
    levels: ['note'],
    title: 'The append-only file is synced once a second',
    why: 'A crash of the host, not of Redis alone, may lose the last second of messages.',
    advice:
      '--durability aof waits until each append is on disk; before Redis 7.2: CONFIG SET appendfsync always for the time of the drain.',
  },
  {
    code: 'NO_AOF',
    sides: ['redis'],
    levels: ['blocker'],
    title: '--durability aof without an append-only file',
    why: 'What was asked for cannot be had: there is no file that an append could be waited for to reach.',
    advice: 'CONFIG SET appendonly yes (and in redis.conf).',
  },
  {
    code: 'NO_WAITAOF',
    sides: ['redis'],
    levels: ['blocker'],
    title: '--durability aof without WAITAOF',
    why: 'This Redis cannot tell when an append is on disk (7.2 and newer can), and it does not sync before it answers either.',
    advice: 'CONFIG SET appendfsync always for the time of the drain, or update Redis.',
  },
  {
    code: 'SAVE_FAILED',
    sides: ['redis'],
    levels: ['warning'],
    title: 'Redis could not save',
    why: 'The disk does not have what the memory has. Writes are still taken, and a restart would lose them.',
    advice: 'Make room on the disk, or put its rights right, then BGSAVE or BGREWRITEAOF.',
  },
  {
    code: 'REDIS_MISCONF',
    sides: ['redis'],
    levels: ['blocker'],
    title: 'Redis refuses writes because it cannot save',
    why: 'With stop-writes-on-bgsave-error a server whose last snapshot failed answers every write with MISCONF.',
    advice: 'Make room on the disk of the server, or put its rights right, then BGSAVE.',
  },
  {
    code: 'ASYNC_REPLICATION',
    sides: ['redis'],
    levels: ['note'],
    title: 'Replicas follow asynchronously',
    why: 'Redis answers before its replicas have an append. A failover may promote one that never got the last of them.',
    advice: '--durability wait:N with the number of replicas waits until all of them have each append.',
  },
  {
    code: 'TOO_FEW_REPLICAS',
    sides: ['redis'],
    levels: ['blocker'],
    title: '--durability wait:N asks for more replicas than there are',
    why: 'An append would wait for replicas that are not connected, and nothing would ever be settled.',
    advice: 'Connect replicas, or ask for fewer.',
  },
  {
    code: 'WAIT_FEWER_THAN_REPLICAS',
    sides: ['redis'],
    levels: ['note'],
    title: '--durability wait:N asks for fewer replicas than there are',
    why: 'A failover may promote just the replica that has not confirmed the last appends.',
    advice: '--durability wait:N with the number of replicas that are connected.',
  },
  {
    code: 'REPLICAS_REQUIRED',
    sides: ['redis'],
    levels: ['blocker'],
    title: 'Redis refuses writes for want of replicas',
    why: 'With min-replicas-to-write a primary answers every write with NOREPLICAS until so many replicas follow closely.',
    advice: 'Connect replicas, or lower min-replicas-to-write.',
  },
  {
    code: 'REPLICA_BEHIND',
    sides: ['redis'],
    levels: ['warning'],
    title: 'A replica does not keep up',
    why: 'A failover to it loses what it has not got, and the load of a drain puts it further behind. A first synchronisation takes memory and disk of the primary as well.',
    advice: 'Wait until INFO replication shows it online with a lag of 0 or 1, and see its network and load.',
  },
];
