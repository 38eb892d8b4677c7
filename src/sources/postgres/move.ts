import type { Client } from 'pg';
import type { Batch, LaneMark } from '../../model/batch.ts';
import { type PackedRows, rowCount } from '../../model/packed.ts';
import type { LaneReader, LaneRecord, Pause, Recovery } from '../source.ts';
import { type ListOptions, listMaker } from './candidate-query.ts';
import type { Candidate } from './candidates.ts';
import { copyRows, type RowStream } from './copy-rows.ts';
import { Listing } from './listing.ts';
import { endPredecessors } from './predecessors.ts';
import { fieldText, rowsToMessages } from './rows-batch.ts';
import { endSession } from './session.ts';
import type { Statements } from './sql.ts';

export interface MoveOptions {
  lane: number;
  sql: Statements;
  /** Rows that one append writes; one transaction takes several appends. */
  partRows: number;
  partBytes: number;
  transactionRows: number;
  /** Whether rows are held back by locked ones of their key. */
  keyed: boolean;
  /** With a filter: how to list what may be taken. */
  list?: ListOptions;
  connect(): Promise<Client>;
}

const WIDEST_REACH = 100;

/**
 * Rows leave the table in the transaction that the target confirms: taken, appended, committed. What
 * a crash leaves behind is a marker in the target with the transaction's number and the ids; whether
 * that transaction was committed decides whether the rows still have to be settled.
 */
export class MoveReader implements LaneReader {
  private readonly options: MoveOptions;
  private client: Client | undefined;
  private rows: RowStream | undefined;
  private next: Promise<PackedRows | undefined> | undefined;
  private transaction = '';
  private part = 0;
  private handedOut = 0;
  private wanted = 0;
  private reach = 1;
  private empty = false;
  private sequence = 0;
  private fence = '';
  private last: string | null = null;
  /**
   * Where the next look begins, which spares walking over rows just taken. Null after a look that
   * found less than it wanted: then rows are held back by locks, or all are gone.
   */
  private low: string | null = null;
  /** With a filter: what may be taken, and of that what this transaction is to take and has taken. */
  private listing: Listing | undefined;
  private chunk: Candidate[] = [];
  private ids: string[] = [];

  constructor(options: MoveOptions) {
    this.options = options;
  }

  async recover(records: LaneRecord[], fence: string): Promise<Recovery[]> {
    this.fence = fence;
    this.client ??= await this.options.connect();
    await endPredecessors(this.client);
    const { list } = this.options;
    if (list) this.listing = new Listing(listMaker(() => this.client!, list));
    const results: Recovery[] = [];
    for (const record of records) {
      this.sequence = Math.max(this.sequence, Number(record.token.split('.')[0] || 0));
      if (record.ids.length > 0) results.push(await this.recoverOne(this.client, record));
    }
    return results;
  }

  private async recoverOne(client: Client, record: LaneRecord): Promise<Recovery> {
    const status = await finishedStatus(client, record.note);
    if (status === 'committed') {
      const { rowCount } = await client.query(this.options.sql.settleOlder, [record.ids, record.note]);
      return { partition: record.partition, suppressed: rowCount ?? 0, vanished: 0 };
    }
    const settled = await client.query(this.options.sql.settleByIds, [record.ids]);
    const suppressed = settled.rowCount ?? 0;
    return { partition: record.partition, suppressed, vanished: record.ids.length - suppressed };
  }

  async read(limit: number): Promise<Batch | Pause> {
    const client = this.client!;
    if (this.listing) return this.readListed(client, this.listing, limit);
    if (!this.rows) {
      // Where little or nothing was left, a mere look is cheaper: it takes no transaction number and
      // no lock, and ends at the first row.
      if (this.empty && !(await this.anythingReady(client))) return { done: true };
      const wanted = Math.min(limit, this.options.transactionRows);
      await this.begin(client, wanted, this.options.sql.take(wanted, this.low, this.reach));
    }
    const part = await this.next;
    if (part) return this.handOut(part);
    const looked = this.low === null ? this.reach : 0;
    await this.commit(client);
    if (looked > 0 && !this.lookFurther()) return { done: true };
    return this.read(limit);
  }

  private async readListed(client: Client, listing: Listing, limit: number): Promise<Batch | Pause> {
    for (;;) {
      if (!this.rows) {
        this.chunk = await listing.next(Math.min(limit, this.options.transactionRows));
        if (this.chunk.length === 0) return { done: true };
        this.ids = [];
        await this.begin(client, this.chunk.length, this.options.sql.takeListed(this.chunk));
      }
      const part = await this.next;
      if (part) {
        for (let i = 0; i < rowCount(part); i += 1) this.ids.push(fieldText(part, i, 0)!);
        return this.handOut(part);
      }
      await this.commit(client);
    }
  }

  private async anythingReady(client: Client): Promise<boolean> {
    return (await client.query(this.options.sql.anyReady)).rows.length > 0;
  }

  /**
   * Rows that a locked one of their key holds back may fill the whole look: others stand behind them.
   * False where the look has been wide enough.
   */
  private lookFurther(): boolean {
    if (!this.options.keyed || this.reach >= WIDEST_REACH) {
      this.reach = 1;
      return false;
    }
    this.reach *= 10;
    return true;
  }

  private handOut(part: PackedRows): Batch {
    this.part += 1;
    this.handedOut += rowCount(part);
    this.last = fieldText(part, rowCount(part) - 1, this.options.sql.lowAt);
    // Read ahead: the server produces the next part while the target takes this one.
    this.next = this.rows!.next();
    this.next.catch(() => undefined);
    const { lane } = this.options;
    const token = `${this.sequence}.${this.part}`;
    const mark: LaneMark = {
      kind: 'lane',
      lane,
      fence: this.fence,
      token,
      note: this.transaction,
      keepIds: true,
    };
    return {
      count: rowCount(part),
      bytes: part.data.length,
      rows: part,
      messages: () => rowsToMessages(part),
      mark,
    };
  }

  async unitEnds(): Promise<boolean> {
    return (await this.next) === undefined;
  }

  settle(): Promise<void> {
    return this.commit(this.client!);
  }

  async hasLetGo(note: string): Promise<boolean> {
    return (await finishedStatus(this.client!, note)) === 'committed';
  }

  private async begin(client: Client, limit: number, take: string): Promise<void> {
    const { sql, partRows, partBytes } = this.options;
    const results = (await client.query('BEGIN; SELECT txid_current()::text AS id')) as unknown as {
      rows: { id: string }[];
    }[];
    this.transaction = results[1]!.rows[0]!.id;
    this.sequence += 1;
    this.part = 0;
    this.handedOut = 0;
    this.wanted = limit;
    this.rows = copyRows(client, take, sql.fields, partRows, partBytes);
    this.next = this.rows.next();
    this.next.catch(() => undefined);
  }

  private async commit(client: Client): Promise<void> {
    // Once this is answered, so is the COPY, and the server's count of rows is known.
    await client.query('SELECT 1');
    const taken = this.rows!.sent();
    if (taken !== this.handedOut) {
      const both = `the server has taken out ${taken} rows and ${this.handedOut} have arrived`;
      throw new Error(`${both}; nothing was settled`);
    }
    this.low = taken === this.wanted && this.reach === 1 ? this.last : null;
    this.empty = taken < this.wanted;
    this.rows = undefined;
    this.next = undefined;
    await client.query('COMMIT');
    this.listing?.report(this.chunk, this.ids);
  }

  async rollback(): Promise<void> {
    const { client } = this;
    this.client = undefined;
    this.rows = undefined;
    this.next = undefined;
    this.low = null;
    // Ending the session gives the rows back, whatever state the transaction is in.
    if (client) await endSession(client);
  }

  close(): Promise<void> {
    return this.rollback();
  }
}

/** Whether the transaction was committed; waits while it is still under way. */
async function finishedStatus(client: Client, transaction: string): Promise<string | null> {
  for (;;) {
    const status = await transactionStatus(client, transaction);
    if (status !== 'in progress') return status;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function transactionStatus(client: Client, transaction: string): Promise<string | null> {
  if (!/^\d+$/.test(transaction)) return null;
  try {
    return (await client.query('SELECT txid_status($1::bigint) AS status', [transaction])).rows[0].status;
  } catch (error) {
    // 22023: a number from the future, so from another history (restored backup); nothing is known of it.
    if ((error as { code?: string }).code === '22023') return null;
    throw error;
  }
}
