import { define } from './definition.ts';

/** Of a stream. */
export const STREAM_SERIES = define(['stream'], {
  length: ['qctl_stream_length', 'Entries in the stream.'],
  added: [
    'qctl_stream_entries_added_total',
    'Entries that were ever added to the stream; absent before Redis 7.0.',
  ],
  memory: ['qctl_stream_memory_bytes', 'Memory that the stream takes; absent where it is not asked for.'],
  oldest: ['qctl_stream_oldest_entry_age_seconds', 'Age of the first entry; absent where there is none.'],
  newest: ['qctl_stream_newest_entry_age_seconds', 'Age of the last entry; absent where there is none.'],
  scheduled: ['qctl_stream_scheduled_messages', 'Messages that wait beside the stream until they are due.'],
});

/** Of a consumer group. */
export const GROUP_SERIES = define(['stream', 'group'], {
  lag: ['qctl_stream_lag', 'Entries that the group has not been given yet.'],
  lagAtLeast: ['qctl_stream_lag_at_least', 'Where the lag is not known: it is no less than this.'],
  lagAtMost: ['qctl_stream_lag_at_most', 'Where the lag is not known: it is no more than this.'],
  pending: ['qctl_stream_pending', 'Entries that the group was given and has not acknowledged.'],
  consumers: ['qctl_stream_consumers', 'Consumers of the group, those that are gone for good included.'],
  oldestPending: [
    'qctl_stream_oldest_pending_age_seconds',
    'Age of the oldest entry that was given and not acknowledged, 0 where there is none.',
  ],
  oldestUndelivered: [
    'qctl_stream_oldest_undelivered_age_seconds',
    'Age of the oldest entry that the group has not been given yet, 0 where there is none.',
  ],
  delivered: ['qctl_stream_delivered_per_second', 'Entries given to the group, between the last two looks.'],
  finished: ['qctl_stream_finished_per_second', 'Entries acknowledged by it, between the last two looks.'],
});

/** Of a consumer; only on demand, since each of them is one series more. */
export const CONSUMER_SERIES = define(['stream', 'group', 'consumer'], {
  pending: ['qctl_stream_consumer_pending', 'Entries that the consumer has in hand.'],
  idle: ['qctl_stream_consumer_idle_seconds', 'Time since the consumer last asked for anything.'],
});

/** Of a stream of dead letters. */
export const DEAD_LETTER_SERIES = define(['stream'], {
  count: ['qctl_dead_letters', 'Entries in the dead-letter stream.'],
  newest: ['qctl_dead_letters_newest_age_seconds', 'Time since the newest died; absent where there is none.'],
  oldest: ['qctl_dead_letters_oldest_age_seconds', 'Time since the oldest died; absent where there is none.'],
});

/** Of one stage of the work of a group, as its consumers record it. */
export const STAGE_SERIES = define(['stream', 'group', 'stage', 'engine'], {
  duration: [
    'qctl_stage_duration_seconds',
    'Time that a message took in the stage, if it got through.',
    'histogram',
  ],
  failed: ['qctl_stage_failed_total', 'Messages that failed for good in the stage.'],
  retried: ['qctl_stage_retried_total', 'Tries that failed in the stage and come again.'],
});
