import type { Client } from 'pg';
import { connectPostgres, type PostgresOptions, postgresLabel } from '../backends/postgres/index.ts';
import { detectQueues } from '../sources/postgres/formats/index.ts';
import type { FormatName } from '../sources/postgres/spec.ts';
import { type FoundTable, findTables } from './tables.ts';

/** The queue of a job library that qctl knows. */
export interface FoundLibrary {
  format: FormatName;
  /** `pg-boss`, `Solid Queue`. */
  title: string;
  schema: string;
  version: string;
}

/** What was seen of a database. */
export interface PostgresLook {
  kind: 'postgres';
  /** Where it is; no secret. */
  at: string;
  version: string;
  libraries: FoundLibrary[];
  /** Tables that look like queues, the fullest first. */
  tables: FoundTable[];
}

/** Whatever is large or locked is not waited for. */
const CAREFUL =
  "SET default_transaction_read_only = on; SET statement_timeout = '3s'; SET lock_timeout = '1s'; SET jit = off";

/** Connects, looks into the catalogue, and leaves. Reads only. Throws as {@link connectPostgres}. */
export async function lookAtPostgres(options: PostgresOptions): Promise<PostgresLook> {
  const client = await connectPostgres(options);
  try {
    await client.query(CAREFUL);
    const libraries = (await detectQueues(client)).map(({ format, found }) => ({
      ...{ format: format.name, title: format.title, schema: found.schema, version: found.version },
    }));
    const tables = await findTables(client);
    return {
      kind: 'postgres',
      at: postgresLabel(options),
      version: await versionOf(client),
      libraries,
      tables: tables.filter((table) => !isOfLibrary(table, libraries)),
    };
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** What is wrong with a condition over the rows of a table (`table` as in SQL), in the words of Postgres; else undefined. */
export async function conditionProblem(
  options: PostgresOptions,
  table: string,
  condition: string,
): Promise<string | undefined> {
  const client = await connectPostgres(options);
  try {
    await client.query(CAREFUL);
    await client.query(`EXPLAIN SELECT FROM ${table} t WHERE (${condition}\n)`);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function versionOf(client: Client): Promise<string> {
  const [row] = (await client.query('SHOW server_version')).rows as { server_version: string }[];
  return row!.server_version.split(' ')[0]!;
}

/** Those that have a schema to themselves, and how the tables of all others are called. */
const SCHEMAS: readonly FormatName[] = ['pgboss', 'graphile-worker', 'pgmq'];
const TABLES = /^(river|oban|solid_queue|que|procrastinate|delayed_jobs?|good_job)(_|s?$)/;

function isOfLibrary({ schema, name }: FoundTable, libraries: readonly FoundLibrary[]): boolean {
  return libraries.some(
    (library) => library.schema === schema && (SCHEMAS.includes(library.format) || TABLES.test(name)),
  );
}
