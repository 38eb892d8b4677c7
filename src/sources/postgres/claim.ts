import type { Client } from 'pg';
import type { Batch, LaneMark } from '../../model/batch.ts';
import { type PackedRows, rowCount } from '../../model/packed.ts';
import type { LaneReader, LaneRecord, Pause, Recovery } from '../source.ts';
import { type ListOptions, listMaker } from './candidate-query.ts';
import type { Located } from './candidates.ts';
import { recoverClaims } from './claim-recovery.ts';
import type { ClaimStatements } from './claim-sql.ts';
import { Claimant, listsOf } from './claimant.ts';
import { copyRows, type RowStream } from './copy-rows.ts';
import { Listing } from './listing.ts';
import { outlivePredecessors } from './predecessors.ts';
import { fieldText, rowsToMessages } from './rows-batch.ts';
import { endSession } from './session.ts';

export interface ClaimOptions {
  lane: number;
  sql: ClaimStatements;
  /** Rows that one append writes; one unit takes several appends. */
  partRows: number;
  partBytes: number;
  unitRows: number;
  /** What a unit may hold in bytes, about: a stop waits for the end of it. */
  unitBytes: number;
  /** What a row takes in the table; 0: unknown. */
  rowBytes: number;
  list: ListOptions;
  connect(): Promise<Client>;
  /** Whether the format lets go of rows by a statement of its own. */
  own: boolean;
  /** Told what an operator should know. */
  note(text: string): void;
  /** Told how many messages stand in the target and were this run's no longer when it was to let go of them. */
  lost(count: number): void;
}

/** How often a lane that has nothing to do looks for rows that a fenced-off holder may have claimed meanwhile. */
const LOOK_FOR_HELD_MS = 2000;
/** There need not be an index for that: a look may take this part of the time between two. */
const LOOK_SHARE = 0.05;

/**
 * Rows are made this run's own in the source, committed, before they are appended. So no worker of the
 * source sees a message again that stands in the target, not even after a crash. A unit is claimed,
 * appended, settled. Of two holders only the later one can append; the earlier one may still claim,
 * and never gives anything back, so that whatever is held and not in the target's marker has to be
 * appended, whoever claimed it.
 */
export class ClaimReader implements LaneReader {
  private readonly options: ClaimOptions;
  private client: Client | undefined;
  private claimant: Claimant | undefined;
  private listing: Listing;
  /** Held already, and not in the target: read before anything else is claimed. */
  private held: Located[] = [];
  private lookAt = 0;
  private rows: RowStream | undefined;
  private next: Promise<PackedRows | undefined> | undefined;
  /** The unit at hand, and what of it has been handed out. */
  private unit: Located[] = [];
  private ids: string[] = [];
  private bytes = 0;
  /** As seen in the last unit; 0 before the first. */
  private rowBytes = 0;
  private sequence = 0;
  private part = 0;
  private fence = '';
  /** The unit whose settling was begun last. */
  private lettingGo: { note: string; ids: string[] } | undefined;

  constructor(options: ClaimOptions) {
    this.options = options;
    this.listing = this.newListing();
  }

  private newListing(): Listing {
    return new Listing(listMaker(() => this.client!, this.options.list));
  }

  async recover(records: LaneRecord[], fence: string): Promise<Recovery[]> {
    const { sql, connect } = this.options;
    this.fence = fence;
    this.client ??= await connect();
    await outlivePredecessors(this.client);
    for (const statement of sql.prepare) await this.client.query(statement);
    this.claimant = new Claimant(this.client, sql);
    const { recoveries, rest, sequence } = await recoverClaims(this.client, sql, records);
    this.sequence = Math.max(this.sequence, sequence);
    this.held = rest;
    this.lookAt = performance.now() + LOOK_FOR_HELD_MS;
    return recoveries;
  }

  async read(limit: number): Promise<Batch | Pause> {
    for (;;) {
      if (!this.rows && !(await this.openUnit(limit))) return { done: true };
      const part = await this.next;
      if (part) return this.handOut(part);
      // Nothing of what was claimed is there any more.
      this.tellVanished(this.unit.length);
      await this.closeUnit();
    }
  }

  private async openUnit(limit: number): Promise<boolean> {
    this.unit = await this.nextRows(Math.min(limit, this.rowsOfUnit()));
    if (this.unit.length === 0) return false;
    const { sql, partRows, partBytes } = this.options;
    this.sequence += 1;
    this.part = 0;
    this.ids = [];
    this.bytes = 0;
    this.rows = copyRows(this.client!, sql.read(this.unit), sql.fields, partRows, partBytes);
    this.prefetch();
    return true;
  }

  private rowsOfUnit(): number {
    const { unitRows, unitBytes, partRows, rowBytes } = this.options;
    // What the server says of sizes is after compression: the first unit shows more of it.
    const most = this.rowBytes === 0 ? Math.min(unitRows, partRows) : unitRows;
    const bytes = Math.max(this.rowBytes, rowBytes, 1);
    return Math.max(1, Math.min(most, Math.floor(unitBytes / bytes)));
  }

  /** Rows that are this run's own and not yet in the target; none where there is nothing to be had. */
  private async nextRows(limit: number): Promise<Located[]> {
    if (this.held.length > 0) return this.held.splice(0, limit);
    for (;;) {
      const chunk = await this.listing.next(this.claimant!.atMost(limit));
      if (chunk.length === 0) return this.heldMeanwhile(limit);
      const rows = await this.claimant!.claim(chunk);
      this.listing.report(
        chunk,
        rows.map(({ id }) => id),
      );
      if (rows.length > 0) return rows;
    }
  }

  private async heldMeanwhile(limit: number): Promise<Located[]> {
    const started = performance.now();
    if (started < this.lookAt) return [];
    this.held = (await this.client!.query(this.options.sql.held)).rows;
    this.lookAt = performance.now() + Math.max(LOOK_FOR_HELD_MS, (performance.now() - started) / LOOK_SHARE);
    return this.held.splice(0, limit);
  }

  private handOut(part: PackedRows): Batch {
    this.part += 1;
    const count = rowCount(part);
    for (let i = 0; i < count; i += 1) this.ids.push(fieldText(part, i, 0)!);
    this.bytes += part.data.length;
    this.prefetch();
    const mark: LaneMark = {
      kind: 'lane',
      lane: this.options.lane,
      fence: this.fence,
      token: `${this.sequence}.${this.part}`,
      note: this.note,
      keepIds: true,
    };
    const messages = () => rowsToMessages(part);
    return { count, bytes: part.data.length, rows: part, messages, mark };
  }

  /** The server produces the next part while the target takes this one. */
  private prefetch(): void {
    this.next = this.rows!.next();
    this.next.catch(() => undefined);
  }

  async unitEnds(): Promise<boolean> {
    return (await this.next) === undefined;
  }

  async settle(): Promise<void> {
    this.lettingGo = { note: this.note, ids: this.ids };
    const lost = this.ids.length - (await this.letGo());
    if (lost > 0) this.options.lost(lost);
    this.tellVanished(this.unit.length - this.ids.length);
    this.rowBytes = this.bytes / this.ids.length;
    await this.closeUnit();
  }

  /** How many rows of the unit have been let go of. */
  private async letGo(): Promise<number> {
    const { sql, own } = this.options;
    const { ids, unit } = this;
    if (own) return (await this.client!.query(sql.settleByIds, [ids])).rowCount ?? 0;
    const read = new Set(ids);
    const rows = ids.length === unit.length ? unit : unit.filter(({ id }) => read.has(id));
    const settled = (await this.client!.query(sql.settle, listsOf(rows))).rowCount ?? 0;
    if (settled === ids.length) return settled;
    // The table has been rewritten meanwhile, or somebody has updated rows and left the claim alone.
    return settled + ((await this.client!.query(sql.settleByIds, [ids])).rowCount ?? 0);
  }

  private tellVanished(count: number): void {
    if (count > 0)
      this.options.note(
        `lane ${this.options.lane}: ${count} claimed rows were taken away before they were read; they are not in the stream`,
      );
  }

  private async closeUnit(): Promise<void> {
    this.rows = undefined;
    this.next = undefined;
    await this.claimant!.unlock();
  }

  /** What is held and in no marker was not let go of: asked after {@link recover} has looked. */
  hasLetGo(note: string): Promise<boolean> {
    if (this.lettingGo?.note !== note) return Promise.resolve(true);
    const ids = new Set(this.lettingGo.ids);
    return Promise.resolve(!this.held.some(({ id }) => ids.has(id)));
  }

  /** Names the unit at hand. */
  private get note(): string {
    return `c${this.sequence}`;
  }

  /** Gives everything back that this lane holds. Only after {@link recover}, and where nobody will continue the run. */
  async release(): Promise<number> {
    const { rowCount: released } = await this.client!.query(this.options.sql.release);
    this.held = [];
    return released ?? 0;
  }

  async rollback(): Promise<void> {
    const { client } = this;
    this.client = undefined;
    this.rows = undefined;
    this.next = undefined;
    this.listing = this.newListing();
    this.held = [];
    // Claims stay: they are found again by whoever holds the lane next.
    if (client) await endSession(client);
  }

  close(): Promise<void> {
    return this.rollback();
  }
}
