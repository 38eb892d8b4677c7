/** Every metric that qctl gives to Prometheus, by subject. Pages, dashboard and rules are made from it. */
import { BREAKER_SERIES } from './breakers.ts';
import { CHECK_SERIES } from './checks.ts';
import { CUTOVER_SERIES, ROUTE_SERIES } from './cutovers.ts';
import type { MetricDefinition } from './definition.ts';
import { DRAIN_GAUGES, DRAIN_SERIES, DRAIN_TOTALS } from './drains.ts';
import { LOOKING_SERIES } from './looking.ts';
import { MAINTAIN_SERIES } from './maintain.ts';
import { REDIS_SERIES } from './redis.ts';
import { SOURCE_SERIES, TARGET_SERIES } from './sources.ts';
import { CONSUMER_SERIES, DEAD_LETTER_SERIES, GROUP_SERIES, STAGE_SERIES, STREAM_SERIES } from './streams.ts';

/** Metrics of one subject. */
export interface Subject {
  title: string;
  metrics: readonly MetricDefinition[];
}

function subject(title: string, ...tables: Record<string, MetricDefinition>[]): Subject {
  return { title, metrics: tables.flatMap((table) => Object.values(table)) };
}

/** What `/metrics` of `qctl serve` gives. */
export const SERVED: readonly Subject[] = [
  subject('The looking itself', LOOKING_SERIES),
  subject('Redis', REDIS_SERIES),
  subject('Streams', STREAM_SERIES),
  subject('Consumer groups', GROUP_SERIES),
  subject('Consumers, with --consumers', CONSUMER_SERIES),
  subject('Dead letters', DEAD_LETTER_SERIES),
  subject('Stages', STAGE_SERIES),
  subject('Circuit breakers', BREAKER_SERIES),
  subject('Drains', DRAIN_TOTALS, DRAIN_GAUGES, DRAIN_SERIES),
  subject('Cutovers', CUTOVER_SERIES),
  subject('Routes', ROUTE_SERIES),
  subject('Old against new', SOURCE_SERIES, TARGET_SERIES),
];

/** What only checks give. */
export const CHECKED: Subject = subject('Checks', CHECK_SERIES);

/** What only maintenance gives. */
export const MAINTAINED: Subject = subject('Maintenance', MAINTAIN_SERIES);
