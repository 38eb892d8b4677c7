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
import { ClaimReader } from './claim.ts';
import { othersClaims } from './claim-others.ts';
import { claimStatements } from './claim-sql.ts';
import { CopyReader } from './copy.ts';
import { copyRows } from './copy-rows.ts';
import { type FormatOverview, formatOverview } from './formats/overview.ts';
import { MoveReader } from './move.ts';
import { CLAIMING_SETTINGS, endSession, READER_SETTINGS, SESSION_SETTINGS } from './session.ts';
import type { PostgresSpec } from './spec.ts';
import { type Statements, statements } from './sql.ts';

export type { TableFacts } from './catalog.ts';
export { withClaimColumn } from './claim-column.ts';
export { claimUndone } from './claim-guard.ts';
export { type CountedTable, type TableDepth, tableDepth } from './depth.ts';
export { readyAgain } from './done-check.ts';
export { describeSource, describeTable } from './formats/describe-source.ts';
export type { FormatChoice } from './formats/format.ts';
export type { FormatOverview } from './formats/overview.ts';
export type { Done, PostgresSpec, SetValue } from './spec.ts';

const EMPTY = Buffer.alloc(0);
const PART_BYTES = 4 * 1024 * 1024;
/** Rows a transaction takes, in appends of the batch size: fewer commits, and the next append is read meanwhile. */
const APPENDS_PER_TRANSACTION = 10;
const APPENDS_PER_PAGE = 100;

/** What a unit of claimed rows may hold: a stop waits for its end. */
const UNIT_BYTES = 64 * 1024 * 1024;

/** One lane of one run. */
export interface ReaderOptions {
  run: string;
  lane: number;
  lanes: number;
  /** Rows that one append writes. */
  batch: number;
  /** Told what an operator should know. */
  note?(text: string): void;
}

/** A Postgres queue that has been looked at and found to fit its description. */
export class PostgresSource {
  readonly table: TableFacts;
  readonly label: string;
  readonly identity: string;
  readonly findings: Finding[];
  /** What a job library's queue looked like when it was opened; null for a table that the operator describes. */
  readonly format: FormatOverview | null;
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
    format: FormatOverview | null,
  ) {
    this.format = format;
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
      const known = await formatOverview(client, spec, table);
      const findings = [...(await tableFindings(client, spec, table)), ...(known?.findings ?? [])];
      return new PostgresSource(options, spec, client, table, findings, known?.overview ?? null);
    } catch (error) {
      const explained = await explainDenied(client, spec, table, error);
      await client.end().catch(() => undefined);
      throw explained;
    }
  }

  /** Counts exactly; takes a scan of the ready rows, and of those that `run` holds. */
  async depth(run?: string): Promise<Depth> {
    const ready = (await this.ask(this.sql.countReady))[0].n;
    const depth = { ready, inFlight: null, delayed: null };
    if (!this.claims || run === undefined) return depth;
    return { ...depth, held: (await this.ask(claimStatements(this.spec, this.table, run).countHeld))[0].n };
  }

  /** Asks once more where the session has been lost. */
  // biome-ignore lint/suspicious/noExplicitAny: rows of a driver
  private async ask(sql: string): Promise<any[]> {
    const { rows } = await this.client.query(sql).catch(async (error: unknown) => {
      if (isRetryablePostgres(error) === undefined) throw error;
      await endSession(this.client);
      this.client = await this.session('qctl');
      return this.client.query(sql);
    });
    return rows;
  }

  /** What other runs hold of this table; `replaced` is a run that is about to be closed. */
  othersClaims(run: string, replaced?: string): Promise<Finding[]> {
    return othersClaims(this.client, this.spec, this.table, run, replaced);
  }

  /** Undoes what `run` has prepared in the source, once it holds nothing any more. May be repeated. */
  async endRun(run: string): Promise<void> {
    if (!this.claims) return;
    for (const sql of claimStatements(this.spec, this.table, run).cleanup) await this.ask(sql);
  }

  private get claims(): boolean {
    return this.spec.mode === 'move' && this.spec.claim !== undefined;
  }

  /** A reader for one of `lanes` lanes. Each has a session of its own. */
  reader({ run, lane, lanes, batch, note = () => undefined }: ReaderOptions): LaneReader {
    const { spec, table } = this;
    const connect = async (): Promise<Client> => {
      const client = await this.session(`qctl/${run}/${lane}`.slice(0, 63));
      await client.query(this.claims ? CLAIMING_SETTINGS : READER_SETTINGS);
      return client;
    };
    const shared = { lane, connect, partRows: batch, partBytes: PART_BYTES };
    if (this.claims)
      return new ClaimReader({
        ...shared,
        sql: claimStatements(spec, table, run, { lane, lanes }),
        unitRows: batch * APPENDS_PER_TRANSACTION,
        unitBytes: UNIT_BYTES,
        rowBytes: table.averageRowBytes,
        ranked: spec.rank !== undefined,
        note,
      });
    const sql = statements(spec, table, { lane, lanes });
    if (spec.mode === 'copy')
      return new CopyReader({ ...shared, sql, table, pageRows: batch * APPENDS_PER_PAGE });
    return new MoveReader({
      ...shared,
      sql,
      transactionRows: batch * APPENDS_PER_TRANSACTION,
      keyed: spec.key !== undefined,
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
