import type { Client } from 'pg';
import type { Batch } from '../../model/batch.ts';
import { type PackedRows, rowCount } from '../../model/packed.ts';
import { inOrder, stagesOf, type Way, waysBetween } from '../catch-up.ts';
import type { LaneReader, LaneRecord, Pause, Recovery } from '../source.ts';
import type { Matches } from './candidate-query.ts';
import type { TableFacts } from './catalog.ts';
import { copyRows, type RowStream } from './copy-rows.ts';
import { Horizon, type Window } from './horizon.ts';
import { fieldText, rowsThat, rowsToMessages } from './rows-batch.ts';
import { endSession } from './session.ts';
import type { Statements } from './sql.ts';

export interface CopyOptions {
  lane: number;
  sql: Statements;
  table: TableFacts;
  /** Rows that one append writes; one query returns several of them. */
  partRows: number;
  partBytes: number;
  pageRows: number;
  /** Absent: every row. */
  matches?: Matches;
  connect(): Promise<Client>;
}

/** Rows to be appended, and the position behind them. */
interface Found {
  part: PackedRows;
  to: string[];
}

/** Where a batch began and ended: keyset values, null before the first row. */
interface Position {
  from: string[] | null;
  to: string[] | null;
}

/**
 * The table stays as it is. Pages by keyset, and the position travels with the messages, in the same
 * step. After a crash or a failover partitions may stand at different positions: then what lies between
 * one position and the next is read again for those behind it alone, until all stand at the same one.
 */
export class CopyReader implements LaneReader {
  readonly keepsAll = true;
  private readonly options: CopyOptions;
  private client: Client | undefined;
  private horizon: Horizon | undefined;
  private window: Window | undefined;
  private rows: RowStream | undefined;
  private next: Promise<Found | undefined> | undefined;
  /** How far the page at hand has been looked through; null before its first row. */
  private lookedTo: string[] | null = null;
  /** The position that went along with the last batch. */
  private noted: string[] | null = null;
  private pageCount = 0;
  private pageLimit = 0;
  private position: string[] | null = null;
  /** Ways that some partitions have still to go before all stand where the first of them does. */
  private ways: Way[] = [];
  private sequence = 0;
  private fence = '';

  constructor(options: CopyOptions) {
    this.options = options;
  }

  async recover(records: LaneRecord[], fence: string): Promise<Recovery[]> {
    this.fence = fence;
    this.client ??= await this.options.connect();
    this.horizon = await Horizon.of(this.client, this.options.table);
    this.window = undefined;
    this.rows = undefined;
    const tokens = records.map(({ token }) => Number(token || 0));
    this.sequence = Math.max(this.sequence, ...tokens);
    const stages = await inOrder(stagesOf(records), (positions) => this.order(positions));
    this.position = stages[0]!.at;
    this.noted = this.position;
    this.ways = waysBetween(stages);
    return [];
  }

  private async order(positions: string[][]): Promise<number[]> {
    const { rows } = await this.client!.query(this.options.sql.orderOf(positions));
    return rows.map(({ n }: { n: number }) => n);
  }

  async read(limit: number): Promise<Batch | Pause> {
    const [way] = this.ways;
    if (!this.rows) {
      const pause = way ? this.openWay(way, limit) : await this.openPage(limit);
      if (pause) return pause;
    }
    const found = await this.next;
    if (found) return this.handOut(found, way);
    this.rows = undefined;
    // Rows at its end that do not match are behind the position, too.
    this.position = this.lookedTo ?? this.position;
    if (way) return this.pageCount < this.pageLimit ? this.arrive(way, limit) : this.read(limit);
    // A page that came full may have more behind it, the last one of a window has not.
    if (this.pageCount < this.pageLimit) this.window = undefined;
    return this.pageCount === 0 ? { done: true } : this.read(limit);
  }

  private async openPage(limit: number): Promise<Pause | undefined> {
    const { sql, pageRows } = this.options;
    this.window ??= await this.horizon!.open(sql.highest);
    if (!this.window || samePosition(this.window.to, this.position)) {
      this.window = undefined;
      return { done: true };
    }
    const holder = await this.horizon!.heldBackBy(this.window);
    if (holder) return { done: false, reason: `rows with lower ids may still be committed by ${holder}` };
    const rows = Math.min(limit, pageRows);
    this.openRows(sql.page(rows, this.position, this.window.to), rows);
    return undefined;
  }

  /** One page of what some partitions lack. */
  private openWay({ to }: Way, limit: number): undefined {
    const rows = Math.min(limit, this.options.pageRows);
    this.openRows(this.options.sql.page(rows, this.position, to), rows);
  }

  private openRows(query: string, limit: number): void {
    const { sql, partRows, partBytes } = this.options;
    this.pageLimit = limit;
    this.pageCount = 0;
    this.lookedTo = null;
    this.rows = copyRows(this.client!, query, sql.fields, partRows, partBytes);
    this.prefetch();
  }

  private handOut({ part, to }: Found, way: Way | undefined): Batch {
    this.prefetch();
    const from = this.position;
    this.position = to;
    return this.batch(part, { from, to }, way?.partitions);
  }

  /** The next rows of the page that match. */
  private async find(rows: RowStream): Promise<Found | undefined> {
    const { matches } = this.options;
    for (let part = await rows.next(); part; part = await rows.next()) {
      this.pageCount += rowCount(part);
      const to = this.endOf(part);
      this.lookedTo = to;
      const matching = matches ? rowsThat(part, matches) : part;
      if (rowCount(matching) > 0) return { part: matching, to };
    }
    return undefined;
  }

  /** Those that were behind stand where the next ones do, and go on together; where rows are gone they are told so. */
  private arrive(way: Way, limit: number): Promise<Batch | Pause> | Batch {
    this.ways.shift();
    const from = this.noted;
    this.position = way.to;
    if (from && samePosition(from, way.to)) return this.read(limit);
    const nothing = { names: this.options.sql.fields, data: Buffer.alloc(0), offsets: [0] };
    return this.batch(nothing, { from, to: way.to }, way.partitions);
  }

  private batch(part: PackedRows, position: Position, partitions?: number[]): Batch {
    this.sequence += 1;
    this.noted = position.to;
    return {
      count: rowCount(part),
      bytes: part.data.length,
      rows: part,
      messages: () => rowsToMessages(part),
      mark: {
        kind: 'lane',
        lane: this.options.lane,
        fence: this.fence,
        token: String(this.sequence),
        note: JSON.stringify(position),
        keepIds: false,
        partitions,
      },
    };
  }

  private endOf(part: PackedRows): string[] {
    const last = rowCount(part) - 1;
    return this.options.sql.keysetAt.map((position) => fieldText(part, last, position)!);
  }

  private prefetch(): void {
    this.next = this.find(this.rows!);
    this.next.catch(() => undefined);
  }

  /** A unit is a page. */
  async unitEnds(): Promise<boolean> {
    return !this.rows || (await this.next) === undefined;
  }

  /** The table stays as it is: there is nothing to let go of. */
  settle(): Promise<void> {
    return Promise.resolve();
  }

  async rollback(): Promise<void> {
    const { client } = this;
    this.client = undefined;
    this.rows = undefined;
    if (client) await endSession(client);
  }

  close(): Promise<void> {
    return this.rollback();
  }
}

function samePosition(a: string[], b: string[] | null): boolean {
  return b !== null && a.length === b.length && a.every((value, i) => value === b[i]);
}
