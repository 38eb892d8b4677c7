/** A value that settling writes: a literal, or an SQL expression. */
export type SetValue = string | number | boolean | null | { sql: string };

/** What is done to a row once it stands in the target. */
export type Done = { delete: true } | { set: Record<string, SetValue> };

/** The queues that qctl knows; `generic` is any table that the operator describes. */
export const FORMAT_NAMES = [
  'generic',
  'pgboss',
  'graphile-worker',
  'pgmq',
  'river',
  'oban',
  'solid-queue',
  'que',
  'procrastinate',
  'delayed-job',
  'good-job',
] as const;

export type FormatName = (typeof FORMAT_NAMES)[number];

/** What may be taken besides messages that are ready. */
export const INCLUDABLE = ['scheduled', 'dead', 'running'] as const;

export type Includable = (typeof INCLUDABLE)[number];

/** How rows that a run has taken are told from others, whichever run it is. */
export interface AnyClaim {
  /** Condition of these rows. */
  held: string;
  /** SQL (text) of `qctl:RUN`; absent where a row does not tell it. */
  by?: string;
}

/**
 * How rows are made this run's own before they are appended, so that no worker of the source sees
 * them again. All of it is SQL over the row, whose alias is `t`. Three placeholders name the run in
 * whatever type a column has: `:text` (`qctl:RUN`), `:uuid`, and `:time`, a moment in the year 2999
 * that is this run's alone. Two runs never share one.
 */
export interface ClaimSpec {
  /** Column -> value that takes a row. */
  set: Record<string, string>;
  /** Condition of the rows that this run has taken. */
  held: string;
  /** Of whatever run; absent where it cannot be told from a row. */
  anyones?: AnyClaim;
  /**
   * Where a row's state is another table's row: further CTEs of the claiming statement, behind
   * `qctl_chosen (qctl_at)`, the rows that may be had. They take the other rows out, passing by locked
   * ones, and end with `qctl_took (qctl_at)`: those that were got. Only they are set then.
   */
  take?: string;
  /** What undoes `take`: CTEs behind `qctl_given (qctl_at)`, the rows that are given back, with their claim still on. */
  give?: string;
  /** Column -> value that gives a row back to the workers of the source. */
  release: Record<string, string>;
  /** Statements before a lane's first claim, such as a worker row of one's own; repeated by every lane. */
  prepare?: string[];
  /** Statements at the end of a run, once nothing is held any more; may be repeated. */
  cleanup?: string[];
  /** Key (bigint) of the session advisory lock that must be held while a row is claimed. */
  advisory?: string;
  /** At most one row per value may be held at once; NULL: no limit. */
  single?: string;
}

/**
 * A queue in a table, as the operator describes it or as its format is known to be. Where a field is
 * an exact column name it means that column, else it is an SQL expression over the row. Plain data:
 * the run's record keeps it.
 */
export interface PostgresSpec {
  format: FormatName;
  /** What the format said of itself: schema version, migration. */
  version?: string;
  /** As in SQL: `alerts`, `public.alerts`, `"My Schema"."Jobs"`. */
  table: string;
  /** Primary key column; several in copy mode only. */
  id: string[];
  /**
   * SQL condition over the row `t` that every row of the queue fulfils, whatever its state: where no
   * index begins with the id, an index over these columns and the id finds rows by it.
   */
  within?: string;
  /** The format has seen to it that no two rows share an id, though no unique index over it alone says so. */
  uniqueId?: true;
  payload: string;
  /** SQL condition; absent: every row. */
  ready?: string;
  /** Columns, ascending; absent: by id. */
  order?: string[];
  /** ORDER BY over the alias `t`, where plain ascending columns do not say it: `t.priority DESC, t.id`. Claiming only. */
  rank?: string;
  key?: string;
  type?: string;
  priority?: string;
  attempts?: string;
  enqueuedAt?: string;
  notBefore?: string;
  attributes?: Record<string, string>;
  done: Done;
  mode: 'move' | 'copy';
  /** Absent: rows are taken and appended in one transaction, and stay the source's own until it ends. */
  claim?: ClaimSpec;
  /** Only messages of these types. */
  types?: string[];
  /** JMESPath over the message; where it is not true the row stays as it is. */
  filter?: string;
  /** Only messages enqueued before this time (RFC 3339). */
  before?: string;
  /** Channels that the source notifies of new messages. */
  notify?: string[];
  /** SQL that lets go of claimed rows, `$1` being their ids as text[]; absent: `done`. One statement. */
  settle?: string;
  /**
   * The way back: column -> SQL over the message `m` (text columns id, type, key, priority, attempts,
   * enqueued_at, not_before, bytea body, jsonb attr: name -> text) for the columns that no field of
   * the spec is an exact name of.
   */
  restore?: Record<string, string>;
  /** The way back: statements after rows have been brought back, for what stands in other tables; they read those messages as `m`. */
  restored?: string[];
  /** What the operator chose of a known format. */
  choice?: { schema?: string; queues?: string[]; include: Includable[]; pause?: boolean };
}
