import type { Figure, How } from '../figure.ts';

/** What is known of a PostgreSQL source. Unknown is null; times are RFC 3339. */
export interface PostgresSourceFacts {
  kind: 'postgres';
  label: string;
  /** Quoted, with its schema. */
  table: string;
  /** `pg-boss`, `Solid Queue`, …; `generic`: as the operator describes it. */
  format: string;
  /** As the format counts: schema version, last migration. */
  formatVersion: string | null;
  serverVersion: string;
  standby: boolean;
  /** Whether a connection pooler stands before the server. */
  pooler: boolean | null;
  maxConnections: number;
  usedConnections: number;
  /** Standbys and subscribers that stream from the server. */
  replicas: number | null;
  /** Rows of the table in whatever state. */
  rows: Figure;
  ready: Figure;
  /** In the hands of the source's workers; a table of one's own does not tell. */
  running: Figure;
  /** Not due yet. */
  scheduled: Figure;
  /** Given up by the source's workers. */
  dead: Figure;
  /** When the oldest ready message was enqueued; of those that were looked at. */
  oldestAt: string | null;
  oldestAgeMs: number | null;
  arrivalPerSecond: number | null;
  completionPerSecond: number | null;
  /** Over how long rates were observed; null: from the times of enqueueing of what is there. */
  observedMs: number | null;
  /** Bodies of ready messages as they come out of the database; null where there was none to look at. */
  minBodyBytes: number | null;
  p50BodyBytes: number | null;
  p90BodyBytes: number | null;
  p99BodyBytes: number | null;
  maxBodyBytes: number | null;
  nullBodies: number | null;
  /** In how many messages that was found, and how they were chosen. */
  bodiesSeen: number | null;
  bodiesHow: How | null;
  /** What the table takes, its indexes, and what is kept out of line; null, as all below, where the table is locked. */
  heapBytes: number | null;
  indexBytes: number | null;
  toastBytes: number | null;
  liveRows: number | null;
  deadRows: number | null;
  lastVacuumAt: string | null;
  lastAnalyzeAt: string | null;
  partitioned: boolean | null;
  unlogged: boolean | null;
  /** Index by which ready rows are found without looking at others; null: none. */
  readyIndex: string | null;
  /** Triggers on the table that are not switched off. */
  triggers: string[];
  /** Foreign keys of other tables that point at it: `NAME of TABLE`. */
  foreignKeys: string[];
  publications: string[];
  /** What the user may do with the table: SELECT, INSERT, UPDATE, DELETE. */
  privileges: string[];
  /** Who works on the source: workers of the format, or sessions that were at the table. */
  workers: { name: string; seenAt: string | null }[];
}
