import { define } from './definition.ts';

/** Of the looking itself. */
export const LOOKING_SERIES = {
  ...define([], {
    up: ['qctl_up', '1 where Redis answered the newest look, else 0: all but this is absent then.'],
    at: ['qctl_last_look_timestamp_seconds', 'When Redis was last looked at with success.'],
    took: ['qctl_look_duration_seconds', 'How long the last look took.'],
    interval: ['qctl_look_interval_seconds', 'Time from one look to the next.'],
    looks: ['qctl_looks_total', 'Looks that succeeded.'],
    streams: ['qctl_streams', 'Streams that were found and looked at.'],
    leftOut: ['qctl_streams_left_out', 'Streams beyond the limit, and those that this user may not read.'],
    consumersLeftOut: ['qctl_consumers_left_out', 'Consumers beyond the limit of --consumers.'],
    viewers: ['qctl_viewers', 'Open pages and terminals that are told of each look.'],
  }),
  ...define(['part'], {
    missing: ['qctl_part_missing', '1 where this part could not be looked at, or not wholly, else 0.'],
  }),
  ...define(['version'], {
    build: ['qctl_build_info', 'Always 1; the label says which qctl it is.'],
  }),
};
