import type { RedisOptions } from '../backends/redis/index.ts';
import type { StreamSettings } from '../config/streams.ts';
import type { DrainSettings, DrainSource, DrainTarget } from '../drain/index.ts';

/** One source and where it is to go; either may be missing. */
export interface MoveRequest {
  /** As in the configuration or the plan. */
  name: string;
  source: DrainSource | null;
  target: DrainTarget | null;
  /** What the configuration says of the stream. */
  stream: StreamSettings | null;
  settings: DrainSettings;
}

/** One `qctl analyse`. */
export interface AnalyseRequest {
  redis: RedisOptions | null;
  moves: MoveRequest[];
  observeMs: number;
  sample: number;
}
