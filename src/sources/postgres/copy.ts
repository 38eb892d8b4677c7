import type { Client } from 'pg';
import type { Batch } from '../../model/batch.ts';
import { type PackedRows, rowCount } from '../../model/packed.ts';
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
 * step. Of several partitions some may have a batch that others lack after a crash: then the very
 * same range is read again under the same token, and those that have it pass.
 */
export class CopyReader implements LaneReader {
  private readonly options: CopyOptions;
  private client: Client | undefined;
  private horizon: Horizon | undefined;
  private window: Window | undefined;
  private rows: RowStream | undefined;
  private next: Promise<Found | undefined> | undefined;
  /** How far the page at hand has been looked through; null before its first row. */
  private lookedTo: string[] | null = null;
  private pageCount = 0;
  private pageLimit = 0;
  private position: string[] | null = null;
  private redo: Position | undefined;
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
    const newest = records.reduce((best, record) =>
      Number(record.token) > Number(best.token) ? record : best,
    );
    this.sequence = Number(newest.token || 0);
    const reached: Position = newest.note ? JSON.parse(newest.note) : { from: null, to: null };
    const complete = records.every((record) => record.token === newest.token);
    this.redo = complete ? undefined : reached;
    this.position = complete ? reached.to : reached.from;
    return [];
  }

  async read(limit: number): Promise<Batch | Pause> {
    if (this.redo) return this.readAgain(this.redo);
    if (!this.rows) {
      const pause = await this.openPage(limit);
      if (pause) return pause;
    }
    const found = await this.next;
    if (found) return this.handOut(found);
    this.rows = undefined;
    // Rows at its end that do not match are behind the position, too.
    this.position = this.lookedTo ?? this.position;
    // A page that came full may have more behind it, the last one of a window has not.
    if (this.pageCount < this.pageLimit) this.window = undefined;
    return this.pageCount === 0 ? { done: true } : this.read(limit);
  }

  private async openPage(limit: number): Promise<Pause | undefined> {
    const { sql, pageRows, partRows, partBytes } = this.options;
    this.window ??= await this.horizon!.open(sql.highest);
    if (!this.window || samePosition(this.window.to, this.position)) {
      this.window = undefined;
      return { done: true };
    }
    const holder = await this.horizon!.heldBackBy(this.window);
    if (holder) return { done: false, reason: `rows with lower ids may still be committed by ${holder}` };
    this.pageLimit = Math.min(limit, pageRows);
    this.pageCount = 0;
    this.lookedTo = null;
    const query = sql.page(this.pageLimit, this.position, this.window.to);
    this.rows = copyRows(this.client!, query, sql.fields, partRows, partBytes);
    this.prefetch();
    return undefined;
  }

  private handOut({ part, to }: Found): Batch {
    this.prefetch();
    this.sequence += 1;
    const from = this.position;
    this.position = to;
    return this.batch(part, { from, to });
  }

  /** The next rows of the page that match. */
  private async find(rows: RowStream): Promise<Found | undefined> {
    for (let part = await rows.next(); part; part = await rows.next()) {
      this.pageCount += rowCount(part);
      const to = this.endOf(part);
      this.lookedTo = to;
      const matching = this.matching(part);
      if (rowCount(matching) > 0) return { part: matching, to };
    }
    return undefined;
  }

  private matching(part: PackedRows): PackedRows {
    const { matches } = this.options;
    return matches ? rowsThat(part, matches) : part;
  }

  private async readAgain(range: Position): Promise<Batch | Pause> {
    const { sql } = this.options;
    const everything = Number.MAX_SAFE_INTEGER;
    const stream = copyRows(
      this.client!,
      sql.page(2_147_483_647, range.from, range.to),
      sql.fields,
      everything,
      everything,
    );
    const part = (await stream.next()) ?? { names: sql.fields, data: Buffer.alloc(0), offsets: [0] };
    await stream.discard();
    this.redo = undefined;
    this.position = range.to;
    return this.batch(this.matching(part), range);
  }

  private batch(part: PackedRows, position: Position): Batch {
    const note = JSON.stringify(position);
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
        note,
        keepIds: false,
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
