import type { Client } from 'pg';
import {
  connectPostgres,
  isRetryablePostgres,
  type PostgresOptions,
  postgresLabel,
} from '../../backends/postgres/index.ts';
import type { Finding } from '../../model/finding.ts';
import { rowCount, rowField } from '../../model/packed.ts';
import type { Depth, LaneReader } from '../source.ts';
import { readTable, type TableFacts } from './catalog.ts';
import { checkSpec, explainDenied, tableFindings } from './check.ts';
import { CopyReader } from './copy.ts';
import { copyRows } from './copy-rows.ts';
import { MoveReader } from './move.ts';
import { endSession, READER_SETTINGS, SESSION_SETTINGS } from './session.ts';
import type { PostgresSpec } from './spec.ts';
import { type Statements, statements } from './sql.ts';

export type { TableFacts } from './catalog.ts';
export { type CountedTable, type TableDepth, tableDepth } from './depth.ts';
export { readyAgain } from './done-check.ts';
export { Listener, type ListenerOptions } from './listener.ts';
export type { Done, PostgresSpec, SetValue } from './spec.ts';

const EMPTY = Buffer.alloc(0);
const NOW = `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS now`;
const PART_BYTES = 4 * 1024 * 1024;
/** Rows a transaction takes, in appends of the batch size: fewer commits, and the next append is read meanwhile. */
const APPENDS_PER_TRANSACTION = 10;
const APPENDS_PER_PAGE = 100;

/** A Postgres queue that has been looked at and found to fit its description. */
export class PostgresSource {
  readonly table: TableFacts;
  readonly label: string;
  readonly identity: string;
  readonly findings: Finding[];
  private readonly options: PostgresOptions;
  private readonly spec: PostgresSpec;
  private client: Client;
  private readonly sql: Statements;

  private constructor(
    options: PostgresOptions,
    spec: PostgresSpec,
    client: Client,
    table: TableFacts,
    findings: Finding[],
  ) {
    this.options = options;
    this.spec = spec;
    this.client = client;
    this.table = table;
    this.findings = findings;
    this.label = `${postgresLabel(options)} ${table.name}`;
    this.identity = `postgres:${table.database}/${table.name}`;
    this.sql = statements(spec, table);
  }

  /** Connects, reads the catalogue and checks the spec. Changes nothing and locks nothing. */
  static async open(options: PostgresOptions, spec: PostgresSpec): Promise<PostgresSource> {
    const client = await connectPostgres({ ...options, applicationName: 'qctl' });
    let table: TableFacts | undefined;
    try {
      await client.query(SESSION_SETTINGS);
      table = await readTable(client, spec);
      await checkSpec(client, spec, table);
      return new PostgresSource(options, spec, client, table, await tableFindings(client, spec, table));
    } catch (error) {
      const explained = await explainDenied(client, spec, table, error);
      await client.end().catch(() => undefined);
      throw explained;
    }
  }

  /** The clock of the server, RFC 3339, to the microsecond. */
  async now(): Promise<string> {
    const { rows } = await this.client.query(NOW);
    return rows[0].now;
  }

  /** Counts exactly; takes a scan of the ready rows. */
  async depth(): Promise<Depth> {
    const { rows } = await this.client.query(this.sql.countReady).catch(async (error: unknown) => {
      if (isRetryablePostgres(error) === undefined) throw error;
      await endSession(this.client);
      this.client = await this.session('qctl');
      return this.client.query(this.sql.countReady);
    });
    return { ready: rows[0].n, inFlight: null, delayed: null };
  }

  /** A reader for one of `lanes` lanes. Each has a session of its own. */
  reader(run: string, lane: number, lanes: number, batch: number): LaneReader {
    const sql = statements(this.spec, this.table, { lane, lanes });
    const connect = async (): Promise<Client> => {
      const client = await this.session(`qctl/${run}/${lane}`.slice(0, 63));
      await client.query(READER_SETTINGS);
      return client;
    };
    const shared = { lane, sql, connect, partRows: batch, partBytes: PART_BYTES };
    if (this.spec.mode === 'copy')
      return new CopyReader({ ...shared, table: this.table, pageRows: batch * APPENDS_PER_PAGE });
    return new MoveReader({
      ...shared,
      transactionRows: batch * APPENDS_PER_TRANSACTION,
      keyed: this.spec.key !== undefined,
    });
  }

  /** Id and body of every ready row, in parts, in one snapshot and in no order. */
  async *everything(partRows: number, partBytes: number): AsyncGenerator<[id: Buffer, body: Buffer][]> {
    const client = await this.session('qctl/verify');
    try {
      const rows = copyRows(client, this.sql.everything, this.sql.fields, partRows, partBytes);
      for (let part = await rows.next(); part; part = await rows.next()) {
        const current = part;
        yield Array.from({ length: rowCount(current) }, (_, i) => [
          rowField(current, i, 0)!,
          rowField(current, i, 1) ?? EMPTY,
        ]);
      }
    } finally {
      await endSession(client);
    }
  }

  /** A session of its own with the drain's settings. */
  async session(applicationName: string): Promise<Client> {
    const client = await connectPostgres({ ...this.options, applicationName });
    await client.query(SESSION_SETTINGS);
    return client;
  }

  close(): Promise<void> {
    return this.client.end().catch(() => undefined);
  }
}
