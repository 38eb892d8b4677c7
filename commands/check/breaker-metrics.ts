import {
  BREAKER_OVERRIDE_LABELS,
  BREAKER_SERIES,
  BREAKER_STATE_LABELS,
} from '../../src/model/series/breakers.ts';

/** What is measured of a circuit breaker; a part of the one table. */
export const BREAKER_METRICS = {
  breakerState: {
    label: 'state',
    unit: 'count',
    field: 'state',
    series: BREAKER_SERIES.state,
    states: BREAKER_STATE_LABELS,
    silent: 'text',
  },
  breakerRejects: {
    label: 'rejects',
    unit: 'count',
    field: 'rejects',
    series: BREAKER_SERIES.rejects,
    silent: 'line',
  },
  breakerOverride: {
    label: 'override',
    unit: 'count',
    field: 'override',
    series: BREAKER_SERIES.override,
    states: BREAKER_OVERRIDE_LABELS,
    silent: 'line',
  },
  breakerOverrideAge: {
    label: 'override age',
    unit: 'ms',
    field: 'overrideAgeMs',
    series: BREAKER_SERIES.overrideAge,
    silent: 'line',
  },
  breakerOverrideEnds: {
    label: 'override ends',
    unit: 'ms',
    field: 'overrideEndsInMs',
    series: BREAKER_SERIES.overrideEnds,
    silent: 'line',
  },
  breakerFailed: {
    label: 'failed',
    unit: 'count',
    field: 'failed',
    series: BREAKER_SERIES.failed,
  },
  breakerCalls: {
    label: 'calls',
    unit: 'count',
    field: 'calls',
    series: BREAKER_SERIES.calls,
  },
  breakerRejected: {
    label: 'rejected',
    unit: 'count',
    field: 'rejected',
    series: BREAKER_SERIES.rejected,
  },
  breakerSilent: {
    label: 'last seen',
    unit: 'ms',
    field: 'lastSeenAgeMs',
    series: BREAKER_SERIES.lastSeen,
    silent: 'line',
  },
} as const;
