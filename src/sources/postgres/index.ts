import type { Client } from 'pg';
import {
  connectPostgres,
  isRetryablePostgres,
  type PostgresOptions,
  postgresLabel,
} from '../../backends/postgres/index.ts';
import type { Finding } from '../../model/finding.ts';
import type { Message } from '../../model/message.ts';
import { type PackedRows, rowCount, rowField } from '../../model/packed.ts';
import { compileFilter, type Judged } from '../../transform/filter.ts';
import type { Depth, LaneReader } from '../source.ts';
import type { Matches } from './candidate-query.ts';
import { readTable, type TableFacts } from './catalog.ts';
import { checkSpec } from './check.ts';
import { othersClaims } from './claim-others.ts';
import { claimStatements } from './claim-sql.ts';
import { copyRows } from './copy-rows.ts';
import { type FormatOverview, formatOverview } from './formats/overview.ts';
import { type TableIdentity, tableIdentity } from './identity.ts';
import { countJudged } from './judged-count.ts';
import { laneReader, PART_BYTES, type ReaderOptions } from './lane-reader.ts';
import { explainDenied } from './privileges.ts';
import { nothingReady } from './ready-findings.ts';
import { rowsThat } from './rows-batch.ts';
import { countScheduled } from './scheduled.ts';
import { endSession, SESSION_SETTINGS } from './session.ts';
import type { PostgresSpec } from './spec.ts';
import { type Statements, statements } from './sql.ts';
import { tableFindings } from './table-findings.ts';

export type { TableFacts } from './catalog.ts';
export { withClaimColumn } from './claim-column.ts';
export { claimUndone } from './claim-guard.ts';
export { type CountedTable, type TableDepth, tableDepth } from './depth.ts';
export { readyAgain } from './done-check.ts';
export { configuredFormat } from './formats/configured.ts';
export { type Asking, describeSource, describeTable } from './formats/describe-source.ts';
export type { FormatChoice } from './formats/format.ts';
export type { FormatOverview } from './formats/overview.ts';
export type { ReaderOptions } from './lane-reader.ts';
export { Listener, type ListenerOptions } from './listener.ts';
export type { Done, PostgresSpec, SetValue } from './spec.ts';
export { keysetColumns } from './sql.ts';

const EMPTY = Buffer.alloc(0);
const NOW = `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS now`;
const PART_ROWS = 5000;

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
  private readonly judge: ((message: Message) => Judged) | undefined;
  private readonly matches: Matches | undefined;

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
    const judge = spec.filter === undefined ? undefined : compileFilter(spec.filter);
    this.judge = judge;
    this.matches = judge && ((message) => judge(message) === 'matched');
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

  /** The clock of the server, RFC 3339, to the microsecond. */
  async now(): Promise<string> {
    return (await this.ask(NOW))[0].now;
  }

  /** Counts exactly; takes a scan of the ready rows, and of those that `run` holds. */
  async depth(run?: string): Promise<Depth> {
    if (this.judge) return this.filteredDepth(this.judge, run);
    const ready = (await this.ask(this.sql.countReady))[0].n;
    return { ready, inFlight: null, delayed: null, ...(await this.heldBy(run)) };
  }

  private async heldBy(run: string | undefined): Promise<{ held?: number }> {
    if (!this.claims || run === undefined) return {};
    return { held: (await this.ask(claimStatements(this.spec, this.table, run).countHeld))[0].n };
  }

  /** Whether a row matches shows in the row only: takes reading all that are ready. */
  private async filteredDepth(judge: (message: Message) => Judged, run?: string): Promise<Depth> {
    const parts = this.readyRows(PART_ROWS, PART_BYTES, 'qctl/depth');
    return { ...(await countJudged(parts, judge)), ...(await this.heldBy(run)) };
  }

  // biome-ignore lint/suspicious/noExplicitAny: rows of a driver
  private async ask(sql: string): Promise<any[]> {
    return (await this.asking((client) => client.query(sql))).rows;
  }

  /** What other runs hold of this table; `replaced` is a run that is about to be closed. */
  othersClaims(run: string, replaced?: string): Promise<Finding[]> {
    return othersClaims(this.client, this.spec, this.table, run, replaced);
  }

  /** What is said where no row is ready. */
  nothingReady(): Promise<Finding[]> {
    return this.asking((client) => nothingReady(client, this.spec, this.table));
  }

  /** Undoes what `run` has prepared in the source, once it holds nothing any more. May be repeated. */
  async endRun(run: string): Promise<void> {
    if (!this.claims) return;
    for (const sql of claimStatements(this.spec, this.table, run).cleanup) await this.ask(sql);
  }

  private get claims(): boolean {
    return this.spec.mode === 'move' && this.spec.claim !== undefined;
  }

  /** Which table now has the name of the one that was opened. */
  identityNow(): Promise<TableIdentity> {
    return this.asking((client) => tableIdentity(client, this.table.name));
  }

  /** Asks once more, in a new session, where the old one has been lost. */
  private async asking<T>(question: (client: Client) => Promise<T>): Promise<T> {
    try {
      return await question(this.client);
    } catch (error) {
      if (isRetryablePostgres(error) === undefined) throw error;
      await endSession(this.client);
      this.client = await this.session('qctl');
      return question(this.client);
    }
  }

  /** Counts the rows that are not due at `nowMs`; takes a scan of the ready rows where the queue has such times. */
  async scheduled(nowMs: number): Promise<number> {
    if (this.spec.notBefore === undefined) return 0;
    const client = await this.session('qctl');
    try {
      return await countScheduled(client, this.spec, this.table, nowMs);
    } finally {
      await endSession(client);
    }
  }

  /** A reader for one of `lanes` lanes. Each has a session of its own. */
  reader(options: ReaderOptions): LaneReader {
    const { spec, table, matches } = this;
    return laneReader({ spec, table, matches, session: (name) => this.session(name) }, options);
  }

  /** Id and body of every ready row that is to be drained, in parts, in one snapshot and in no order. */
  async *everything(partRows: number, partBytes: number): AsyncGenerator<[id: Buffer, body: Buffer][]> {
    for await (const part of this.readyRows(partRows, partBytes, 'qctl/verify')) {
      const wanted = this.matches ? rowsThat(part, this.matches) : part;
      yield Array.from({ length: rowCount(wanted) }, (_, i) => [
        rowField(wanted, i, 0)!,
        rowField(wanted, i, 1) ?? EMPTY,
      ]);
    }
  }

  private async *readyRows(partRows: number, partBytes: number, name: string): AsyncGenerator<PackedRows> {
    const client = await this.session(name);
    try {
      const rows = copyRows(client, this.sql.everything, this.sql.fields, partRows, partBytes);
      for (let part = await rows.next(); part; part = await rows.next()) yield part;
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
