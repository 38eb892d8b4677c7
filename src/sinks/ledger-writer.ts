import { randomBytes } from 'node:crypto';
import type { ScriptArg } from '../backends/redis/script.ts';
import { appendLedger } from '../backends/redis/scripts/append-ledger.ts';
import { confirmLedger } from '../backends/redis/scripts/confirm-ledger.ts';
import type { LedgerMark } from '../model/batch.ts';
import { delayedArgs } from './delayed-rows.ts';
import type { Part } from './partition.ts';
import { type Appended, NOTHING_APPENDED } from './sink.ts';
import type { TargetWriter } from './target-writer.ts';

/** What a ledger's count of appends begins with; below it stands what nobody has seeded. */
export const FIRST_STEP = 1;
/** Lua takes no more than some thousand values at once. */
const IDS_A_CALL = 1000;

/** Appends by ledger: every message by its id, and none that the ledger knows. */
export class LedgerWriter {
  private readonly writer: TargetWriter;
  /** By partition, the highest number of an append that the ledger has confirmed: later ones are higher. */
  private readonly steps: number[];
  /** Tells this sink's calls from those of every other, in other containers with the same pid as well. */
  private readonly name = randomBytes(6).toString('base64url');
  private calls = 0;

  constructor(writer: TargetWriter) {
    this.writer = writer;
    this.steps = writer.streams.map(() => (writer.options.seeded ? FIRST_STEP : 0));
  }

  async append({ entries, partition }: Part, mark: LedgerMark): Promise<Appended> {
    const keys = this.writer.streams[partition]!;
    const ids = [...entries.ids, ...entries.quarantinedIds, ...(entries.delayed?.ids ?? [])];
    this.calls += 1;
    // Names this call in the ledger, so that its own repetition is not taken for a duplicate.
    const call = `${this.name}.${this.calls.toString(36)}:`;
    const [now, before] = this.windows();
    const args = (): ScriptArg[] => [
      mark.deadlineMs,
      call,
      JSON.stringify(entries.rows.names),
      entries.rows.data,
      entries.ids.length,
      this.writer.constants,
      this.writer.maxLen,
      entries.quarantined.data,
      entries.quarantinedIds.length,
      entries.bytes,
      ...delayedArgs(this.writer.options.run, entries),
      ...ids,
    ];
    const names = [
      keys.stream,
      keys.ledger(this.ledger),
      keys.settled(this.ledger, now),
      keys.settled(this.ledger, before),
      keys.stats(this.writer.options.run),
      keys.quarantine,
      keys.delayed,
      keys.delayedEntries,
      keys.delayedCounts,
    ];
    const confirmed = this.steps[partition]!;
    const reply = await this.writer.append(appendLedger, names, args, entries);
    const [outcome, step, flags] = reply as [string, number, string];
    if (outcome === 'expired') return { ...NOTHING_APPENDED, expired: true };
    if (step <= confirmed) throw this.lostLedger(keys.stream, confirmed);
    this.steps[partition] = Math.max(this.steps[partition]!, step);
    const good = entries.ids.length;
    const bad = good + entries.quarantinedIds.length;
    const appended = freshIn(flags.slice(0, good));
    const quarantined = freshIn(flags.slice(good, bad));
    const scheduled = freshIn(flags.slice(bad));
    return {
      held: [{ partition, ids }],
      appended,
      suppressed: ids.length - appended - quarantined - scheduled,
      quarantined,
      scheduled,
      expired: false,
    };
  }

  /** Notes what the source has deleted; returns how many of them had been open. */
  async confirm(held: Appended['held'], deleted: Set<string>): Promise<number> {
    let confirmed = 0;
    for (const { partition, ids } of held) {
      const gone = ids.filter((id) => deleted.has(id));
      if (gone.length === 0) continue;
      const keys = this.writer.streams[partition]!;
      const names = [
        keys.ledger(this.ledger),
        keys.settled(this.ledger, this.windows()[0]),
        keys.stats(this.writer.options.run),
      ];
      confirmed += Number(
        await this.writer.run(confirmLedger, names, [2 * this.writer.options.windowMs, ...gone]),
      );
    }
    return confirmed;
  }

  /** Notes that the source holds nothing any more: whatever the ledger has open has been deleted. */
  async confirmAll(): Promise<void> {
    for (const [partition, keys] of this.writer.streams.entries()) {
      const open = await this.writer.patiently(() =>
        this.writer.options.client.hkeys(keys.ledger(this.ledger)),
      );
      for (let at = 0; at < open.length; at += IDS_A_CALL) {
        const ids = open.slice(at, at + IDS_A_CALL);
        await this.confirm([{ partition, ids }], new Set(ids));
      }
    }
  }

  private get ledger(): string {
    return this.writer.options.ledgerRun;
  }

  private windows(): [number, number] {
    const window = Math.floor(this.writer.options.targetNow() / this.writer.options.windowMs);
    return [window, window - 1];
  }

  private lostLedger(stream: string, confirmed: number): Error {
    return this.writer.lostData(
      `the ledger beside stream ${stream} does not know append ${confirmed} any more`,
      stream,
    );
  }
}

/** How many of these the ledger did not know. */
function freshIn(flags: string): number {
  return [...flags].filter((flag) => flag === '+').length;
}
