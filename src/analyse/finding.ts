import type { Finding } from '../model/finding.ts';

export type Level = Finding['level'];

/** What a finding is about. `move`: both ends together. */
export type Side = 'sqs' | 'postgres' | 'celery' | 'redis' | 'move';

/** One kind of finding, as the catalogue explains it. docs/findings.md is made of these. */
export interface FindingKind {
  /** Stable UPPER_SNAKE name. */
  code: string;
  sides: readonly Side[];
  /** The levels that it may have, the worst first. */
  levels: readonly Level[];
  /** A heading: `Redis may evict streams`. */
  title: string;
  /** Why it matters: a sentence or two. */
  why: string;
  /** What puts it right, in general; a finding itself gives the very command. */
  advice: string;
}

/** A finding of one analysis, as it is shown. */
export interface ShownFinding {
  level: Level;
  code: string;
  /** The queue, table, stream or server that it is about, without any secret. */
  about: string;
  what: string;
  why: string;
  /** The very command or setting; null where nothing has to be done. */
  remedy: string | null;
}
