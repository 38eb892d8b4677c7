import type { CelerySourceConfig } from '../../config/schema.ts';
import type { FilterSelection } from './selection.ts';

/** Which queue of a Celery broker is meant, and how its keys are named; plain data, kept in the run's record. */
export interface CelerySpec extends FilterSelection {
  /** As in `-Q` of a worker. */
  queue: string;
  /** Celery's `global_keyprefix`, before every key; '' where there is none. */
  prefix: string;
  /** Celery's `sep`, between the name of a queue and a priority. */
  separator: string;
  /** Priorities that have a list of their own, the one that is served first comes first; 0 has the queue's name alone. */
  steps: number[];
}

/** What stands where nothing else is said: Celery's own defaults. */
export const CELERY_DEFAULTS: CelerySpec = {
  queue: 'celery',
  prefix: '',
  separator: '\x06\x16',
  // Celery has lists for 0, 3, 6 and 9; an application may have chosen any of these, and a list that is not there costs nothing.
  steps: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
};

/** The queue that a source of the configuration means. */
export function configuredQueue(config: Partial<CelerySourceConfig> = {}): CelerySpec {
  const { queue, keyPrefix, prioritySteps, separator, types, filter } = config;
  return {
    queue: queue ?? CELERY_DEFAULTS.queue,
    prefix: keyPrefix ?? CELERY_DEFAULTS.prefix,
    separator: separator ?? CELERY_DEFAULTS.separator,
    steps: prioritySteps ?? CELERY_DEFAULTS.steps,
    ...(types && { types }),
    ...(filter !== undefined && { filter }),
  };
}
