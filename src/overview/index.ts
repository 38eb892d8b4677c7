/** One look at everything, once an interval: what page, REST, Prometheus and terminal show. */

export { redisAway } from './away.ts';
export { applyChanges, changesBetween } from './changes.ts';
export type { OverviewConfig, OverviewDoors } from './doors.ts';
export type { Changes, LiveMessage } from './live.ts';
export {
  type ConsumerFacts,
  type MetricsAbout,
  metricsText,
  snapshotFamilies,
} from './metrics/index.ts';
export { openOverview } from './open.ts';
export type { OpenedLetter, Overview, OverviewOptions, Seen, Series } from './overview.ts';
export type * from './snapshot.ts';
