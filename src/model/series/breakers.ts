import { define } from './definition.ts';

/** The states of a breaker, as values of the label `state`. */
export const BREAKER_STATE_LABELS = ['closed', 'half-open', 'open'] as const;
/** What an operator has put over it, as values of the label `override`. */
export const BREAKER_OVERRIDE_LABELS = ['none', 'observe', 'disabled', 'closed', 'open'] as const;

/** Of a circuit breaker; `dialect` where it is one of another library. */
export const BREAKER_SERIES = {
  ...define(['breaker', 'dialect', 'state'], {
    state: ['qctl_breaker_state', '1 for the state that the breaker itself is in, 0 for the others.'],
  }),
  ...define(['breaker', 'dialect', 'override'], {
    override: [
      'qctl_breaker_override',
      '1 for the override by an operator that is in force, 0 for the others.',
    ],
  }),
  ...define(['breaker', 'dialect'], {
    rejects: [
      'qctl_breaker_rejects',
      '1 where calls are rejected, by the breaker itself or held open by an operator, else 0.',
    ],
    overrideAge: [
      'qctl_breaker_override_age_seconds',
      'Time since the override was set; absent where there is none.',
    ],
    overrideEnds: [
      'qctl_breaker_override_remaining_seconds',
      'Time until the override ends; absent where there is none, or none with an end.',
    ],
    failed: ['qctl_breaker_failed_calls', 'Calls in the window that failed.'],
    slow: ['qctl_breaker_slow_calls', 'Calls in the window that were slow.'],
    calls: ['qctl_breaker_calls', 'Calls in the window that were let through.'],
    rejected: ['qctl_breaker_rejected_calls', 'Calls in the window that were rejected.'],
    lastSeen: [
      'qctl_breaker_last_seen_age_seconds',
      'Time since any process was heard of; absent where none ever was.',
    ],
  }),
};
