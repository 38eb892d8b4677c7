import { runScript, type ScriptArg } from '../backends/redis/script.ts';
import { appendLane } from '../backends/redis/scripts/append-lane.ts';
import { primaryFields } from '../backends/redis/scripts/primary-fields.ts';
import { settleLane } from '../backends/redis/scripts/settle-lane.ts';
import type { LaneMark } from '../model/batch.ts';
import { packFirstFields, packIds } from '../model/packed.ts';
import type { Entries } from '../transform/pack.ts';
import { delayedArgs, delayedCount } from './delayed-rows.ts';
import { fenceNumber, LaneFenced } from './fenced.ts';
import { LaneMemory, type Loss, type Standing, sumOfLosses } from './lane-memory.ts';
import { type LaneState, type LaneStates, readLane } from './lane-state.ts';
import type { Part } from './partition.ts';
import { RolledBack } from './rolled-back.ts';
import type { Appended } from './sink.ts';
import { isGoneAltogether } from './slot-loss.ts';
import type { TargetWriter } from './target-writer.ts';
import { isOlder } from './token.ts';

/** A lane as it was found: where its partitions stand, and what they should have and have not. */
export interface OpenedLane {
  states: LaneStates;
  loss: Loss;
}

/** Appends by lane: each batch from the token the writer believes in to the next one. */
export class LaneWriter {
  private readonly writer: TargetWriter;
  /** What the target's checkpoint of a lane will be when all that was sent has arrived: a token for each partition. */
  private readonly tokens = new Map<number, string[]>();
  /** The last append that was sent, by checkpoint, while it is on its way. */
  private readonly turns = new Map<string, Promise<void>>();
  /** What the target has confirmed, by lane and partition. */
  private readonly memories = new Map<number, LaneMemory[]>();
  /** Ids of the entries that were written last, by checkpoint. */
  private readonly lastEntries = new Map<string, string>();

  constructor(writer: TargetWriter) {
    this.writer = writer;
  }

  /**
   * Seals a lane for `fence` and learns where its partitions stand, and what of what they had confirmed
   * to this process they do not have any more.
   */
  async openLane(lane: number, fence: string): Promise<OpenedLane> {
    const known = this.memories.get(lane);
    const states = await Promise.all(
      this.writer.streams.map((_, partition) => this.openPartition(lane, fence, partition)),
    );
    const own = states.map((state, partition) =>
      known?.[partition]?.hasSettled(state.note) ? { ...state, ids: [], settledHere: true } : state,
    );
    const losses = known?.map((memory, partition) => memory.lossAgainst(states[partition]!)) ?? [];
    const memories = known ?? states.map((state) => new LaneMemory(state));
    for (const [partition, memory] of memories.entries()) memory.takeBack(states[partition]!);
    this.memories.set(lane, memories);
    this.tokens.set(
      lane,
      states.map(({ token }) => token),
    );
    return { states: own, loss: sumOfLosses(losses) };
  }

  private async openPartition(lane: number, fence: string, partition: number): Promise<LaneState> {
    const { client, run, seeded = false } = this.writer.options;
    const keys = this.writer.streams[partition]!;
    const read = (expected: boolean): Promise<LaneState | undefined> =>
      this.writer.patiently(() => readLane(client, keys, partition, run, lane, fence, expected));
    const state = await read(seeded);
    if (state) return state;
    const lost = `the checkpoint of lane ${lane} beside stream ${keys.stream} is gone`;
    const last = this.lastEntries.get(keys.checkpoint(run, lane)) ?? '';
    if (!this.memories.has(lane) || !(await isGoneAltogether(this.writer, keys.stream, last)))
      throw this.writer.lostData(lost, keys.stream);
    return (await read(false))!;
  }

  async append({ entries, partition }: Part, mark: LaneMark): Promise<Appended> {
    const { stream } = this.writer.streams[partition]!;
    const tokens = this.tokens.get(mark.lane)!;
    const ids = mark.keepIds ? markerOf(entries) : '';
    const names = this.namesOf(partition, mark.lane);
    const args = this.argsOf(entries, mark, tokens[partition]!, ids);
    const write = () => this.writer.append(appendLane, names, args, entries) as Promise<[string, string]>;
    const checkpoint = names[1]!;
    const quarantined = entries.quarantinedIds.length;
    const scheduled = delayedCount(entries);
    tokens[partition] = mark.token;
    await this.inTurn(checkpoint, async (earlier) => {
      const last = await landed(write, mark, stream, earlier);
      if (last !== '') this.lastEntries.set(checkpoint, last);
      const kept = ids === '' ? undefined : ids;
      this.memories
        .get(mark.lane)
        ?.[partition]?.add(mark.token, mark.note, entries.count + quarantined + scheduled, kept);
    });
    return { held: [], appended: entries.count, suppressed: 0, quarantined, scheduled, expired: false };
  }

  /** The keys of the script, in its order: the second is the checkpoint. */
  private namesOf(partition: number, lane: number): string[] {
    const keys = this.writer.streams[partition]!;
    const names = [keys.stream, keys.checkpoint(this.writer.options.run, lane), keys.quarantine];
    names.push(keys.delayed, keys.delayedEntries, keys.delayedCounts);
    return names;
  }

  /** @param token where the checkpoint is expected to stand */
  private argsOf(entries: Entries, mark: LaneMark, token: string, ids: Buffer | string): ScriptArg[] {
    return [
      mark.fence,
      token,
      mark.token,
      mark.note,
      ids,
      JSON.stringify(entries.rows.names),
      entries.rows.data,
      entries.count,
      this.writer.constants,
      this.writer.maxLen,
      entries.quarantined.data,
      entries.quarantinedIds.length,
      entries.bytes,
      entries.rows.dense ? 1 : 0,
      ...delayedArgs(this.writer.options.run, entries),
    ];
  }

  /** Runs an append while the one before it may still be on its way; the two know of each other. */
  private async inTurn(
    checkpoint: string,
    action: (earlier?: Promise<void>) => Promise<void>,
  ): Promise<void> {
    const turn = action(this.turns.get(checkpoint));
    turn.catch(() => undefined);
    this.turns.set(checkpoint, turn);
    try {
      await turn;
    } finally {
      if (this.turns.get(checkpoint) === turn) this.turns.delete(checkpoint);
    }
  }

  /** Notes that the source has let go of what a partition's checkpoint names. */
  async settled(lane: number, fence: string, partition: number, suppressed: number): Promise<void> {
    const { stream, checkpoint } = this.writer.streams[partition]!;
    const [outcome, found] = (await this.writer.run(
      settleLane,
      [checkpoint(this.writer.options.run, lane)],
      [fence, this.tokens.get(lane)![partition]!, suppressed],
    )) as [string, string];
    if (outcome !== 'ok') throw refusal(outcome, found, { lane, fence }, stream);
  }

  /** Notes, for every partition of a lane, that the source has let go of all that was appended. */
  async noteSettled(lane: number, fence: string): Promise<void> {
    await Promise.all(this.writer.streams.map((_, partition) => this.settled(lane, fence, partition, 0)));
  }

  /** The source is being told to let go of what was appended, or has done so. */
  remember(lane: number, what: 'settling' | 'settled'): void {
    for (const memory of this.memories.get(lane) ?? []) memory[what]();
  }

  /** The lane is another's: what becomes of it is no longer this process's to judge. */
  forget(lane: number): void {
    this.memories.delete(lane);
  }

  /** What the target lacks now of all that it had confirmed to this process. Changes nothing. */
  async losses(): Promise<Loss> {
    const losses = [...this.memories].map(async ([lane, memories]) => {
      const standings = await this.standings(lane);
      return memories.map((memory, partition) => memory.lossAgainst(standings[partition]!));
    });
    return sumOfLosses((await Promise.all(losses)).flat());
  }

  /** Throws {@link RolledBack} where the target stands behind what it had confirmed of a lane. */
  async refuseBehind(lane: number): Promise<void> {
    const memories = this.memories.get(lane) ?? [];
    for (const [partition, found] of (await this.standings(lane)).entries())
      if (memories[partition]?.isAheadOf(found))
        throw new RolledBack(
          this.writer.streams[partition]!.stream,
          `lane ${lane} stands at '${found.token}'`,
        );
  }

  private standings(lane: number): Promise<Standing[]> {
    const { client, run } = this.writer.options;
    return Promise.all(
      this.writer.streams.map(async ({ checkpoint }) => {
        const fields = ['token', 'appended', 'quarantined', 'scheduled'];
        const [token, ...counted] = (await this.writer.patiently(() =>
          runScript(client, primaryFields, [checkpoint(run, lane)], fields),
        )) as (string | null)[];
        return { token: token ?? '', counted: counted.reduce((sum, count) => sum + Number(count ?? 0), 0) };
      }),
    );
  }
}

/** Writes until it stands there. Gives the id of the last entry; '' where a later append stands there already. */
async function landed(
  write: () => Promise<[string, string]>,
  mark: LaneMark,
  stream: string,
  earlier?: Promise<void>,
): Promise<string> {
  let [outcome, found] = await write();
  // Sent behind one that has to be repeated: the target waits for that one first.
  if (outcome === 'moved' && earlier) {
    await earlier;
    [outcome, found] = await write();
  }
  // A later append of this very holder stands there, and it could only follow this one.
  if (outcome === 'moved' && isOlder(mark.token, found)) return '';
  if (outcome !== 'ok' && outcome !== 'again') throw refusal(outcome, found, mark, stream);
  return found;
}

/** A refused write: another holder has the lane, or the target has gone back behind what it had confirmed. */
function refusal(
  outcome: string,
  found: string,
  { lane, fence }: { lane: number; fence: string },
  stream: string,
): Error {
  if (outcome === 'fenced' && fenceNumber(found) >= fenceNumber(fence)) return new LaneFenced(lane, found);
  const what = outcome === 'lost' ? 'the checkpoint is gone' : `the checkpoint stands at '${found}'`;
  return new RolledBack(stream, `${what} of lane ${lane}`);
}

/** The ids of a batch, as the checkpoint keeps them until the source is settled. */
function markerOf(entries: Entries): Buffer {
  const { ids, quarantinedIds, delayed, rows } = entries;
  const plain = quarantinedIds.length === 0 && !delayed && rows.names[0] === 'id';
  return plain ? packFirstFields(rows) : packIds([...ids, ...quarantinedIds, ...(delayed?.ids ?? [])]);
}
