import { define } from './definition.ts';

/** What only `qctl maintain --textfile` gives. */
export const MAINTAIN_SERIES = {
  ...define([], {
    at: ['qctl_maintain_last_run_timestamp_seconds', 'When the last run began.'],
    success: ['qctl_maintain_last_run_success', '1 where nothing went wrong in the last run, else 0.'],
    took: ['qctl_maintain_last_run_duration_seconds', 'How long the last run took.'],
    left: [
      'qctl_maintain_left_streams',
      'Streams that were not finished when the time of the last run was over.',
    ],
    failures: ['qctl_maintain_failures', 'Things that went wrong in the last run.'],
    warnings: ['qctl_maintain_warnings', 'Things that somebody should look at.'],
    forgotten: [
      'qctl_maintain_forgotten_overrides',
      'Overrides of circuit breakers that stand for a day or longer.',
    ],
  }),
  ...define(['part'], {
    done: ['qctl_maintain_done', 'What the last run did: messages, entries, consumers of reap.'],
  }),
  ...define(['kind'], {
    leftovers: ['qctl_maintain_leftovers', 'Things that were begun and that nobody is at work on.'],
  }),
};
