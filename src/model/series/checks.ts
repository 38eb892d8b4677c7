import { define } from './definition.ts';

const STATUS = '0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.';

/** What only `qctl check … -o prometheus` gives. */
export const CHECK_SERIES = {
  ...define(['stream', 'group'], {
    stuck: ['qctl_stream_stuck', 'Pending entries that nobody was given for as long as --min-idle says.'],
    idle: [
      'qctl_stream_longest_idle_seconds',
      'Longest time since a pending entry was last delivered, 0 where none is pending.',
    ],
  }),
  ...define(['source', 'location'], {
    left: ['qctl_source_left', 'Messages in the source: ready, in flight and delayed.'],
    delayed: ['qctl_source_delayed', 'Messages in the source that are not due yet.'],
  }),
  ...define(['stream'], {
    newDead: ['qctl_dead_letters_new', 'Dead letters no older than --since says.'],
  }),
  ...define(['server'], {
    latency: ['qctl_redis_latency_seconds', 'Median time of a PING, of the slowest node.'],
    memory: ['qctl_redis_memory_used_ratio', 'Share of maxmemory that is used, of the fullest node.'],
    rejected: [
      'qctl_redis_rejected_connections_total',
      'Connections that Redis refused for maxclients, since its start.',
    ],
  }),
  ...define(['check', 'server', 'stream', 'group', 'source', 'location', 'breaker', 'dialect'], {
    itemStatus: ['qctl_check_item_status', `Status of each thing that was checked: ${STATUS}`],
  }),
  ...define(['check', 'target'], {
    status: ['qctl_check_status', `Status of the whole check: ${STATUS}`],
  }),
};
