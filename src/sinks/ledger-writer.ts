import { randomBytes } from 'node:crypto';
import { runScript, type ScriptArg } from '../backends/redis/script.ts';
import { appendLedger } from '../backends/redis/scripts/append-ledger.ts';
import { confirmLedger } from '../backends/redis/scripts/confirm-ledger.ts';
import { primaryFields } from '../backends/redis/scripts/primary-fields.ts';
import type { LedgerMark } from '../model/batch.ts';
import type { Entries } from '../transform/pack.ts';
import { delayedArgs } from './delayed-rows.ts';
import { missingFromLedger } from './ledger-audit.ts';
import { LedgerMemory } from './ledger-memory.ts';
import type { Part } from './partition.ts';
import { SettledLost } from './rolled-back.ts';
import { type Appended, NOTHING_APPENDED } from './sink.ts';
import type { TargetWriter } from './target-writer.ts';

/** What a ledger's count of appends begins with; below it stands what nobody has seeded. */
export const FIRST_STEP = 1;
/** Lua takes no more than some thousand values at once. */
const IDS_A_CALL = 1000;

/** What became of messages that the source has deleted. */
export interface Confirmed {
  /** How many of them had been open. */
  settled: number;
  /** The target does not know these any more: they are on neither side. */
  unknown: string[];
}

/** One partition's ledger, as this process has seen it. */
interface Seen {
  /** The highest number of an append that it has confirmed: later ones are higher. */
  step: number;
  /** How often it has been found to have gone back, and what was made of the last time. */
  times: number;
  verdict: Promise<void>;
  memory: LedgerMemory;
}

/** Appends by ledger: every message by its id, and none that the ledger knows. */
export class LedgerWriter {
  private readonly writer: TargetWriter;
  private readonly seen: Seen[];
  /** Tells this sink's calls from those of every other, in other containers with the same pid as well. */
  private readonly name = randomBytes(6).toString('base64url');
  private calls = 0;

  constructor(writer: TargetWriter) {
    this.writer = writer;
    const step = writer.options.seeded ? FIRST_STEP : 0;
    this.seen = writer.streams.map(() => ({
      step,
      times: 0,
      verdict: Promise.resolve(),
      memory: new LedgerMemory(),
    }));
  }

  async append({ entries, partition }: Part, mark: LedgerMark): Promise<Appended> {
    const ids = [...entries.ids, ...entries.quarantinedIds, ...(entries.delayed?.ids ?? [])];
    this.calls += 1;
    // Names this call in the ledger, so that its own repetition is not taken for a duplicate.
    const call = `${this.name}.${this.calls.toString(36)}:`;
    const names = this.namesOf(partition);
    const args = (): ScriptArg[] => this.argsOf(entries, mark, call, ids);
    const { step: confirmed, times } = this.seen[partition]!;
    const reply = await this.writer.append(appendLedger, names, args, entries);
    const [outcome, step, flags] = reply as [string, number, string];
    if (outcome === 'expired') return { ...NOTHING_APPENDED, expired: true };
    if (step <= confirmed) this.wentBack(partition, times, step);
    const seen = this.seen[partition]!;
    seen.step = Math.max(seen.step, step);
    // What the source has let go of is appended in any case, and judged afterwards.
    if (!mark.rescue) await seen.verdict;
    return { held: [{ partition, ids }], ...countFresh(flags, entries, ids.length), expired: false };
  }

  /** The keys of the script, in its order. */
  private namesOf(partition: number): string[] {
    const keys = this.writer.streams[partition]!;
    const [now, before] = this.windows();
    return [
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
  }

  /** What it is called with. Made anew for each call: the deadline may have moved. */
  private argsOf(entries: Entries, mark: LedgerMark, call: string, ids: string[]): ScriptArg[] {
    return [
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
  }

  /** Takes note of what the source has deleted. */
  async confirm(held: Appended['held'], deleted: Set<string>): Promise<Confirmed> {
    const total: Confirmed = { settled: 0, unknown: [] };
    for (const { partition, ids } of held) {
      const gone = ids.filter((id) => deleted.has(id));
      if (gone.length === 0) continue;
      const { settled, unknown } = await this.confirmIn(partition, gone);
      total.settled += settled;
      total.unknown.push(...unknown);
    }
    return total;
  }

  private async confirmIn(partition: number, ids: string[]): Promise<Confirmed> {
    const keys = this.writer.streams[partition]!;
    const { memory, times } = this.seen[partition]!;
    const [window] = this.windows();
    const settled = [window, window - 1, window - 2].map((number) => keys.settled(this.ledger, number));
    const names = [keys.ledger(this.ledger), ...settled, keys.stats(this.writer.options.run)];
    this.calls += 1;
    const call = String(this.calls);
    const args = [2 * this.writer.options.windowMs, this.name, call, ...ids];
    const [removed, last, unknown] = (await this.writer.run(confirmLedger, names, args)) as [
      number,
      string,
      string[],
    ];
    if (memory.hasForgotten(call, last)) this.wentBack(partition, times);
    memory.remember({ window, atMs: this.writer.options.targetNow(), ids });
    memory.awaitRescue(ids, unknown);
    return { settled: removed, unknown };
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

  /** Looks whether a ledger has gone back while nothing was written to it. Throws {@link SettledLost}. */
  async look(): Promise<void> {
    const { client, run } = this.writer.options;
    await Promise.all(
      this.writer.streams.map(async (keys, partition) => {
        const { step, times } = this.seen[partition]!;
        const [found] = (await runScript(client, primaryFields, [keys.stats(run)], ['step'])) as [
          string | null,
        ];
        if (Number(found ?? 0) < step) this.wentBack(partition, times, Number(found ?? 0));
        await this.seen[partition]!.verdict;
      }),
    );
  }

  /** Settled messages of this process that the target does not know any more. Changes nothing. */
  async missing(): Promise<string[]> {
    const all = await Promise.all(this.writer.streams.map((_, partition) => this.missingIn(partition)));
    return all.flat();
  }

  private missingIn(partition: number): Promise<string[]> {
    const { windowMs, targetNow } = this.writer.options;
    const settled = this.seen[partition]!.memory.settledSince(targetNow() - windowMs);
    return missingFromLedger(this.writer, this.writer.streams[partition]!, this.ledger, settled);
  }

  /** Finds out once what has been lost, for all whose calls show it; the next append throws it. */
  private wentBack(partition: number, times: number, step?: number): void {
    const seen = this.seen[partition]!;
    if (seen.times !== times) return;
    seen.times += 1;
    if (step !== undefined) seen.step = step;
    seen.verdict = seen.verdict.then(() => this.judge(partition, step));
    seen.verdict.catch(() => undefined);
  }

  private async judge(partition: number, step: number | undefined): Promise<void> {
    const { stream } = this.writer.streams[partition]!;
    if (step !== undefined && this.writer.options.seeded && step <= FIRST_STEP)
      throw this.writer.lostData(`the ledger beside stream ${stream} is gone`, stream);
    const { memory } = this.seen[partition]!;
    const missing = (await this.missingIn(partition)).filter((id) => !memory.isBeingRescued(id));
    if (missing.length > 0) throw new SettledLost(missing.length, missing);
  }

  private get ledger(): string {
    return this.writer.options.ledgerRun;
  }

  private windows(): [number, number] {
    const window = Math.floor(this.writer.options.targetNow() / this.writer.options.windowMs);
    return [window, window - 1];
  }
}

/** What became of each message, by the answers of the ledger in the order of the ids. */
function countFresh(
  flags: string,
  { ids, quarantinedIds }: Entries,
  all: number,
): Omit<Appended, 'held' | 'expired'> {
  const good = ids.length;
  const bad = good + quarantinedIds.length;
  const appended = freshIn(flags.slice(0, good));
  const quarantined = freshIn(flags.slice(good, bad));
  const scheduled = freshIn(flags.slice(bad));
  return { appended, suppressed: all - appended - quarantined - scheduled, quarantined, scheduled };
}

/** How many of these the ledger did not know. */
function freshIn(flags: string): number {
  return [...flags].filter((flag) => flag === '+').length;
}
