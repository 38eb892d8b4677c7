import type { SourceConfig, StreamConfig } from '../config/schema.ts';
import type { MetricDoors } from '../metrics/index.ts';

/** What of the configuration is looked at. */
export interface OverviewConfig {
  sources: Readonly<Record<string, SourceConfig>>;
  streams: Record<string, StreamConfig>;
  /** By name; they are shown also before a program has used them. */
  breakers?: Readonly<Record<string, unknown>>;
}

/** What a look gets from whoever has it done. Every door is opened lazily, and may be opened again. */
export interface OverviewDoors extends Pick<MetricDoors, 'redis' | 'postgres' | 'sqs' | 'broker'> {
  config(): Promise<OverviewConfig>;
}
