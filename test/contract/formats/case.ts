import type { FormatName, Includable } from '../../../src/sources/postgres/spec.ts';

/** Asks the database of a test. */
export type Sql = <T extends object = Record<string, unknown>>(
  text: string,
  params?: unknown[],
) => Promise<T[]>;

/** One job that a test puts into the queue. */
export interface JobCase {
  /**
   * `ready`: the library would hand it out now. `scheduled`, `dead`, `abandoned`: taken with
   * `--include scheduled`, `dead`, `running` alone. `kept`: never taken (at work, waiting for others, finished).
   */
  state: 'ready' | 'scheduled' | 'dead' | 'abandoned' | 'kept';
  /** What is special about it, for the name of a failure. */
  what: string;
  /** Inserts it and returns its id as text. */
  insert(sql: Sql): Promise<string>;
  /** Fields of its entry that must be exactly so; null: absent. Times in RFC 3339 with microseconds. */
  expected?: Record<string, string | null>;
}

/**
 * A queue format as `test/contract/formats.test.ts` sees it. One file a format in this folder,
 * named in `index.ts`; each is a row of the table in docs/formats.md.
 */
export interface FormatCase {
  name: FormatName;
  /** Makes the library's tables in an empty database, which is `url`. */
  setup(sql: Sql, url: string): Promise<void>;
  /** Table of the jobs and its id column, in SQL. */
  table: string;
  id: string;
  /** A queue name that all `ready` jobs have (`--queue`); absent where the format has none. */
  queue?: string;
  /** The jobs, the ready ones in the order in which the library hands them out. */
  jobs: JobCase[];
  /** What `--include` understands. */
  includes: Includable[];
  /** The library's own statement that takes jobs for a worker: it must return the ids of what it got as `id`. */
  fetch: string;
  /** The library's own statements that take jobs back from workers that are gone, or delete old ones. */
  maintenance: string[];
  /** The library hands messages out in the order in which they came, whatever else they are. */
  byArrival?: true;
  /** A row as it may differ once it has been claimed and given back: the same for what it was and what it is. */
  givenBack?(row: Record<string, unknown>): Record<string, unknown>;
  /** Makes the database say that the library is of a version that does not exist yet. Absent: it has none. */
  newer?: string;
}

/** Makes jobs of one table: columns to SQL, over those that every job has. */
export function jobIn(table: string, always: Record<string, string>) {
  return (
    state: JobCase['state'],
    what: string,
    columns: Record<string, string>,
    expected?: JobCase['expected'],
  ): JobCase => ({
    state,
    what,
    expected,
    async insert(sql) {
      const all = { ...always, ...columns };
      const [row] = await sql<{ id: string }>(
        `INSERT INTO ${table} (${Object.keys(all)}) VALUES (${Object.values(all)}) RETURNING id::text`,
      );
      return row!.id;
    },
  });
}
