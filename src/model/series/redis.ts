import { define } from './definition.ts';

/** Of the server; redis_exporter has the rest. */
export const REDIS_SERIES = define(['server'], {
  usedMemory: [
    'qctl_redis_memory_used_bytes',
    'Memory that is used; of a cluster by all primaries together, in a check by the fullest node.',
  ],
  maxMemory: ['qctl_redis_memory_max_bytes', 'The maxmemory of the server; absent where it has none.'],
  clients: ['qctl_redis_connected_clients', 'Connections of clients.'],
  blocked: ['qctl_redis_blocked_clients', 'Clients that wait in a blocking command.'],
  operations: ['qctl_redis_operations_per_second', 'Commands a second, as Redis says it.'],
  hits: [
    'qctl_redis_keyspace_hit_ratio',
    'Share of lookups that found their key, between the last two looks.',
  ],
  uptime: ['qctl_redis_uptime_seconds', 'Time since the server started; of a cluster the youngest node.'],
  evicted: ['qctl_redis_evicted_keys_total', 'Keys that Redis deleted to make room, since its start.'],
});
