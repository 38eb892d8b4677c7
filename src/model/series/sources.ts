import { define } from './definition.ts';

/** Of the old queue; `location` in a check, `stream` where it is compared with the new one. */
export const SOURCE_SERIES = define(['source', 'location', 'stream'], {
  ready: ['qctl_source_ready', 'Messages in the source that can be taken.'],
  inFlight: ['qctl_source_in_flight', 'Messages in the source that a consumer has taken and not finished.'],
});

/** Of the stream that the messages of a source go to. */
export const TARGET_SERIES = define(['source', 'stream'], {
  unfinished: [
    'qctl_target_unfinished',
    'Entries that the slowest group has not finished of the stream that the source goes to.',
  ],
});
