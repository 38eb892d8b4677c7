import type { PostgresOptions } from '../backends/postgres/index.ts';
import type { RedisConnection } from '../backends/redis/index.ts';
import type { Work } from '../streams/index.ts';

/** Entries of streams; read together where there are several. */
export interface RedisInput {
  kind: 'redis';
  streams: readonly string[];
  /** Place in the stream: `start`, an id, a time, `10m` ago. Default the start. */
  from?: string;
  /** Last place that is read; default the last entry at the time of reading. */
  to?: string;
}

/** Rows of a table, or of a query; read in a transaction that can change nothing. */
export interface PostgresInput {
  kind: 'postgres';
  connection: PostgresOptions;
  table?: string;
  /** Default all of the table. */
  columns?: readonly string[];
  /** In place of the table. */
  query?: string;
}

/** Lines of JSON, compressed or not. */
export interface FileInput {
  kind: 'file';
  /** For people where `chunks` is given. */
  path: string;
  /** In place of the file: stdin. */
  chunks?: AsyncIterable<Buffer>;
}

export type SideInput = RedisInput | PostgresInput | FileInput;

/** How differences are judged; each text as an operator writes it. */
export interface RuleTexts {
  /** Field or JMESPath over the record; several make one key together. */
  key: readonly string[];
  /** When the record came about; default the time of the stream's entry. */
  time?: string;
  /** When its work began, for the latency of a side. */
  started?: string;
  /** JMESPath that is true for a record that says error; default a field `error`, or one inside `body`. */
  error?: string;
  /** Paths such as `meta.timestamp` and `items[*].id`; what stands below them is ignored as well. */
  ignore?: readonly string[];
  /** JMESPath over `{ old, new, fields }`: true for a pair that may differ. */
  known?: readonly string[];
  /** `0.01`, `1%`, `5s`, or the same for one field: `score=0.01`. */
  tolerance?: readonly string[];
  /** Paths of lists whose order says nothing. */
  unordered?: readonly string[];
  /** `"12"` is 12, `"true"` is true. */
  looseTypes?: boolean;
  /** Conditions that must not hold. */
  failOn?: readonly string[];
  /** Conditions that must hold. */
  require?: readonly string[];
}

/** What is compared, and how. */
export interface CompareRequest extends RuleTexts {
  old: SideInput;
  new: SideInput;
  /** The old side once more: what differs between the two is noise. */
  old2?: SideInput;
  /** A new record that came so much later than the old one is late; a younger one is not missed yet. */
  lateAfterMs?: number;
  /** A field is reported where it differs more often than noise, by these parts. Default 0.2 and 0.0003. */
  noise?: { relative: number; absolute: number };
  /** So many must match; null: nothing is asked for. */
  minMatched: number | null;
  /** Most records that are shown. Default 20. */
  sample?: number;
  showValues?: boolean;
  /** Streams are followed for so long, and the rest is read then. */
  forMs?: number;
  /** Needed where a side is a stream. */
  redis?: RedisConnection;
  /** Where records are kept while they are compared, beyond some MB. Default the system's folder. */
  folder?: string;
  /** For tests: what stays in memory of each side, and of a part of all. */
  memory?: { sideBytes: number; partBytes: number };
}

/** How far it has come. */
export interface CompareProgress {
  phase: 'reading' | 'comparing';
  old: number;
  new: number;
  old2: number | null;
  /** Part of the comparing that is done. */
  done: number;
}

/** Who watches, and when to stop: an abort ends the reading, and what was read is compared. */
export interface CompareWork extends Work {
  progress?(progress: CompareProgress): void;
  now(): Date;
}
