import { define } from './definition.ts';

const RUN = ['plan', 'run', 'rehearsal'];

/** Of a run of a cutover; `rehearsal` is `true` or `false`. */
export const CUTOVER_SERIES = {
  ...define([...RUN, 'state'], {
    state: ['qctl_cutover_state', '1 for the state that the cutover is in, 0 for the others.'],
  }),
  ...define(RUN, {
    step: ['qctl_cutover_step_index', 'Number of the step in hand, from 1; absent where there is none.'],
    steps: ['qctl_cutover_steps', 'Steps of its plan.'],
    waiting: [
      'qctl_cutover_waiting_seconds',
      'How long it has waited, such as for approval; absent where it does not.',
    ],
    alive: ['qctl_cutover_process_alive', '1 where a process is at work on it, else 0; absent at its end.'],
    started: ['qctl_cutover_start_timestamp_seconds', 'When it was started.'],
    ended: ['qctl_cutover_end_timestamp_seconds', 'When it ended; absent before.'],
  }),
};

/** Of a route. */
export const ROUTE_SERIES = define(['route'], {
  share: ['qctl_route_share_ratio', 'Share of the traffic that goes to the new side.'],
});
