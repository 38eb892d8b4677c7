import type { FindingKind } from '../finding.ts';

/** Findings about the server itself: memory, access, load, time. */
export const SERVER_FINDINGS: readonly FindingKind[] = [
  {
    code: 'EVICTION',
    sides: ['redis'],
    levels: ['blocker', 'warning'],
    title: 'Redis may evict streams',
    why: 'A stream is one key. With an allkeys-* policy a full Redis deletes keys to make room, and a key that it picks takes every message in it along, without an error anywhere.',
    advice:
      'CONFIG SET maxmemory-policy noeviction, and the same in redis.conf. Where the instance is a cache at the same time, give the queue one of its own.',
  },
  {
    code: 'EVICTION_UNKNOWN',
    sides: ['redis'],
    levels: ['warning'],
    title: 'The eviction policy cannot be read',
    why: 'Without INFO nobody can tell whether this Redis deletes whole streams when its memory is full.',
    advice: 'Allow INFO, or look at maxmemory-policy where the server is configured.',
  },
  {
    code: 'EVICTED_KEYS',
    sides: ['redis'],
    levels: ['warning', 'note'],
    title: 'Redis has been full before',
    why: 'Keys were deleted to make room since the server started, so its memory does not suffice even without the backlog.',
    advice:
      'CONFIG SET maxmemory-policy noeviction and raise maxmemory. CONFIG RESETSTAT sets the count to 0, so that it tells of what comes.',
  },
  {
    code: 'MAXMEMORY_UNLIMITED',
    sides: ['redis'],
    levels: ['note'],
    title: 'Redis has no memory limit',
    why: 'A server that reaches a limit refuses writes, and a drain waits. One without is killed by the system when the memory of the host is used up, with everything in it.',
    advice: 'CONFIG SET maxmemory to about three quarters of the memory of the host, with noeviction.',
  },
  {
    code: 'CLIENTS_NEAR_LIMIT',
    sides: ['redis'],
    levels: ['warning'],
    title: 'Hardly any connections are left',
    why: 'Consumers of the new stream need connections as well. At maxclients Redis refuses every new one, whosever it is.',
    advice:
      'Raise maxclients, and the limit of open files with it; or find who keeps connections with CLIENT LIST.',
  },
  {
    code: 'HIGH_LATENCY',
    sides: ['redis'],
    levels: ['warning', 'note'],
    title: 'Round trips to Redis take long',
    why: 'A message is settled after Redis has confirmed it, so that every batch takes at least one round trip. A p99 far above the median shows a server, a host or a network that stalls.',
    advice:
      'Run qctl in the same network as Redis. Where only some calls are slow, see SLOWLOG GET and LATENCY DOCTOR.',
  },
  {
    code: 'CLOCK_SKEW',
    sides: ['redis'],
    levels: ['note'],
    title: 'The clocks differ',
    why: "Entry ids and leases go by the clock of Redis. Ages and due times that people compare with this host's clock are off by as much.",
    advice: 'Have both hosts keep time with NTP.',
  },
  {
    code: 'NO_TLS',
    sides: ['redis'],
    levels: ['warning', 'note'],
    title: 'The connection is not encrypted',
    why: 'Bodies, attributes and the password pass the network as they are. Across addresses that the internet routes anyone on the way can read and change them; in a private network it is for its owner to judge.',
    advice: 'Open a TLS port on the server and connect with rediss://.',
  },
  {
    code: 'NO_PASSWORD',
    sides: ['redis'],
    levels: ['warning'],
    title: 'Redis asks for no password',
    why: 'Whoever reaches the port may read every message, and delete all of them with one command.',
    advice:
      'Set requirepass, or make ACL users and turn user default off; qctl takes the password from REDIS_PASSWORD.',
  },
  {
    code: 'MISSING_RIGHT',
    sides: ['redis', 'sqs', 'celery'],
    levels: ['blocker'],
    title: 'The user may not do what a drain does',
    why: 'The drain needs that right and would fail in the middle of its work. Redis was asked with ACL DRYRUN about each command, SQS with calls that change nothing.',
    advice:
      'Grant it: the finding gives the ACL SETUSER for Redis, or names the action for the IAM policy of the caller and the policy of the queue.',
  },
  {
    code: 'FACTS_UNKNOWN',
    sides: ['redis'],
    levels: ['note'],
    title: 'Not everything could be looked at',
    why: 'What may not be asked is not known, which is no all-clear: findings that depend on it cannot appear.',
    advice:
      'Grant the commands that are named for the time of the analysis, or look the values up at the provider.',
  },
  {
    code: 'STREAM_NODE_SETTINGS',
    sides: ['redis'],
    levels: ['warning', 'note'],
    title: 'Streams are kept in unusual pieces',
    why: 'Redis packs entries into nodes. Reading, appending and deleting go through a whole node, so that large ones cost time; small ones cost memory for each entry. A node keeps its size for good.',
    advice:
      'Set stream-node-max-bytes 4096 and stream-node-max-entries 100 before the first entry is written.',
  },
];
