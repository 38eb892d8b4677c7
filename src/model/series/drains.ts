import { define } from './definition.ts';

/** What every series of a run is labelled with. */
const RUN = ['run', 'mode', 'source', 'stream'];

/** What is counted of a run, from its beginning, by all of its processes. */
export const DRAIN_TOTALS = define(RUN, {
  read: ['qctl_drain_messages_read_total', 'Messages that were read from the source.'],
  appended: ['qctl_drain_messages_appended_total', 'Messages that were brought to the target.'],
  duplicatesSuppressed: [
    'qctl_drain_duplicates_suppressed_total',
    'Messages that stood in the target already.',
  ],
  settled: ['qctl_drain_messages_settled_total', 'Messages that the source has let go of.'],
  quarantined: [
    'qctl_drain_messages_quarantined_total',
    'Messages that were set aside because they do not fit.',
  ],
  reappended: [
    'qctl_drain_messages_reappended_total',
    'Messages that the target had lost and that were appended again.',
  ],
  payloadBytes: ['qctl_drain_payload_bytes_total', 'Bytes of the bodies that were brought there.'],
});

/** What is the case now; what is not known is left out. */
export const DRAIN_GAUGES = define(RUN, {
  open: ['qctl_drain_open_messages', 'Messages that were brought there and are not settled yet.'],
  waiting: ['qctl_drain_scheduled_messages', 'Messages that wait for their time.'],
  remaining: [
    'qctl_drain_remaining_messages',
    'Messages that are left in the source, as the processes last said.',
  ],
  ratePerSecond: ['qctl_drain_messages_per_second', 'Messages a second over the last seconds.'],
  processes: ['qctl_drain_processes', 'Processes that are at work.'],
});

/** The rest of it. */
export const DRAIN_SERIES = {
  ...define(RUN, {
    eta: [
      'qctl_drain_eta_seconds',
      'Time until the source is empty at this pace; absent where nobody knows.',
    ],
    waits: ['qctl_drain_waits', 'Servers and locks that the processes of the run wait for.'],
    lastSeen: ['qctl_drain_last_seen_timestamp_seconds', 'Last sign of life of a process.'],
  }),
  ...define([...RUN, 'state'], {
    state: ['qctl_drain_state', 'The state that the run is in.'],
  }),
  ...define([...RUN, 'reason'], {
    held: ['qctl_drain_held', '1 where this holds the run: a brake, or a pause.'],
  }),
};
