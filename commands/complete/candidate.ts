import type { NameKind } from '../names.ts';

/** What could stand in place of the unfinished word, and what that is. */
export type Candidate = readonly [name: string, description?: string];

/** Names that only the configuration or Redis knows. */
export interface Wanted {
  kind: Exclude<NameKind, 'file'>;
  /** What they begin with. */
  begin: string;
  /** Stands before each of them on the line: `--profile=`. */
  before: string;
  /** What the line says already. */
  stream?: string;
  group?: string;
  profile?: string;
  config?: string;
  redisUrl?: string;
}
