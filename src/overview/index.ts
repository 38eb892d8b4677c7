/** One look at everything, once an interval: what page, REST, Prometheus and terminal show. */

export type { Changes, LiveMessage } from './live.ts';
export type { OpenedLetter, Overview, OverviewOptions, Seen, Series } from './overview.ts';
export type * from './snapshot.ts';
