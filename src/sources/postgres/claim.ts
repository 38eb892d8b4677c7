import type { Client } from 'pg';
import type { Batch, LaneMark } from '../../model/batch.ts';
import { type PackedRows, rowCount } from '../../model/packed.ts';
import type { LaneReader, LaneRecord, Pause, Recovery } from '../source.ts';
import { type ListOptions, listMaker } from './candidate-query.ts';
import { recoverClaims } from './claim-recovery.ts';
import type { ClaimStatements } from './claim-sql.ts';
import { Claimant } from './claimant.ts';
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
  /** Told what an operator should know. */
  note(text: string): void;
}

/** How often a lane that has nothing to do looks for rows that a fenced-off holder may have claimed meanwhile. */
const LOOK_FOR_HELD_MS = 2000;

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
  private held: string[] = [];
  private heldAt = 0;
  private rows: RowStream | undefined;
  private next: Promise<PackedRows | undefined> | undefined;
  /** The unit at hand: how many rows it claimed, and those that have been handed out. */
  private claimed = 0;
  private ids: string[] = [];
  private bytes = 0;
  /** As seen in the last unit; 0 before the first. */
  private rowBytes = 0;
  private sequence = 0;
  private part = 0;
  private fence = '';
  /** The unit whose settling was begun last. */
  private lettingGo: { note: string; ids: Set<string> } | undefined;

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
    this.heldAt = performance.now();
    return recoveries;
  }

  async read(limit: number): Promise<Batch | Pause> {
    for (;;) {
      if (!this.rows && !(await this.openUnit(limit))) return { done: true };
      const part = await this.next;
      if (part) return this.handOut(part);
      // Nothing of what was claimed is there any more.
      this.tellVanished(this.claimed);
      await this.closeUnit();
    }
  }

  private async openUnit(limit: number): Promise<boolean> {
    const ids = await this.nextIds(Math.min(limit, this.rowsOfUnit()));
    if (ids.length === 0) return false;
    const { sql, partRows, partBytes } = this.options;
    this.sequence += 1;
    this.part = 0;
    this.ids = [];
    this.bytes = 0;
    this.claimed = ids.length;
    this.rows = copyRows(this.client!, sql.read(ids), sql.fields, partRows, partBytes);
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

  /** Ids of rows that are this run's own and not yet in the target; none where there is nothing to be had. */
  private async nextIds(limit: number): Promise<string[]> {
    if (this.held.length > 0) return this.held.splice(0, limit);
    for (;;) {
      const chunk = await this.listing.next(this.claimant!.atMost(limit));
      if (chunk.length === 0) return this.heldMeanwhile(limit);
      const ids = await this.claimant!.claim(chunk);
      this.listing.report(chunk, ids);
      if (ids.length > 0) return ids;
    }
  }

  private async heldMeanwhile(limit: number): Promise<string[]> {
    if (performance.now() - this.heldAt < LOOK_FOR_HELD_MS) return [];
    this.heldAt = performance.now();
    const { rows } = await this.client!.query(this.options.sql.held);
    this.held = rows.map((row) => row.id);
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
    this.lettingGo = { note: this.note, ids: new Set(this.ids) };
    const { rowCount: settled } = await this.client!.query(this.options.sql.settle, [this.ids]);
    const lost = this.ids.length - (settled ?? 0);
    if (lost > 0)
      this.options.note(
        `lane ${this.options.lane}: ${lost} messages had been taken away from this run when it was to let go of them: another consumer may have worked on them as well`,
      );
    this.tellVanished(this.claimed - this.ids.length);
    this.rowBytes = this.bytes / this.ids.length;
    await this.closeUnit();
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
    const { lettingGo } = this;
    return Promise.resolve(lettingGo?.note !== note || !this.held.some((id) => lettingGo.ids.has(id)));
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
