import { appendLane } from '../backends/redis/scripts/append-lane.ts';
import { settleLane } from '../backends/redis/scripts/settle-lane.ts';
import type { LaneMark } from '../model/batch.ts';
import { packFirstFields, packIds } from '../model/packed.ts';
import type { Entries } from '../transform/pack.ts';
import { delayedArgs, delayedCount } from './delayed-rows.ts';
import { LaneFenced } from './fenced.ts';
import { CheckpointLost, isOlder, type LaneStates, readLane, refuseOlder } from './lane-state.ts';
import type { Part } from './partition.ts';
import type { Appended } from './sink.ts';
import type { TargetWriter } from './target-writer.ts';

/** Appends by lane: each batch from the token the writer believes in to the next one. */
export class LaneWriter {
  private readonly writer: TargetWriter;
  /** What the target's checkpoint of a lane will be when all that was sent has arrived: a token for each partition. */
  private readonly tokens = new Map<number, string[]>();
  /** The last append that was sent, by checkpoint, while it is on its way. */
  private readonly turns = new Map<string, Promise<void>>();
  /** What the target has confirmed, by checkpoint: it never goes back behind that by itself. */
  private readonly confirmed = new Map<string, string>();

  constructor(writer: TargetWriter) {
    this.writer = writer;
  }

  /** Seals a lane for `fence` and learns where its partitions stand. */
  async openLane(lane: number, fence: string): Promise<LaneStates> {
    const { client, run, seeded = false } = this.writer.options;
    try {
      const states = await this.writer.patiently(() =>
        readLane(client, this.writer.streams, run, lane, fence, seeded),
      );
      this.learn(lane, states);
      return states;
    } catch (error) {
      if (!(error instanceof CheckpointLost)) throw error;
      throw this.refusal(error.found === '' ? 'lost' : 'moved', error.found, error.stream, lane);
    }
  }

  private learn(lane: number, states: LaneStates): void {
    for (const { partition, token } of states) {
      const { stream, checkpoint } = this.writer.streams[partition]!;
      refuseOlder(stream, token, this.confirmed.get(checkpoint(this.writer.options.run, lane)));
      this.confirmed.set(checkpoint(this.writer.options.run, lane), token);
    }
    this.tokens.set(
      lane,
      states.map((state) => state.token),
    );
  }

  async append(part: Part, mark: LaneMark): Promise<Appended> {
    const { entries, partition } = part;
    const keys = this.writer.streams[partition]!;
    const tokens = this.tokens.get(mark.lane)!;
    const ids = mark.keepIds ? markerOf(entries) : '';
    const args = [
      mark.fence,
      tokens[partition]!,
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
    const names = [keys.stream, keys.checkpoint(this.writer.options.run, mark.lane), keys.quarantine];
    names.push(keys.delayed, keys.delayedEntries, keys.delayedCounts);
    const checkpoint = keys.checkpoint(this.writer.options.run, mark.lane);
    tokens[partition] = mark.token;
    await this.inTurn(checkpoint, async (earlier) => {
      const write = () => this.writer.append(appendLane, names, args, entries) as Promise<[string, string]>;
      let [outcome, found] = await write();
      // Sent behind one that has to be repeated: the target waits for that one first.
      if (outcome === 'moved' && earlier) {
        await earlier;
        [outcome, found] = await write();
      }
      // A later append of this very holder stands there, and it could only follow this one.
      if (outcome === 'moved' && isOlder(mark.token, found)) outcome = 'again';
      if (outcome !== 'ok' && outcome !== 'again') throw this.refusal(outcome, found, keys.stream, mark.lane);
      this.confirmed.set(checkpoint, mark.token);
    });
    const quarantined = entries.quarantinedIds.length;
    const scheduled = delayedCount(entries);
    return { held: [], appended: entries.count, suppressed: 0, quarantined, scheduled, expired: false };
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
    const checkpoint = this.writer.streams[partition]!.checkpoint(this.writer.options.run, lane);
    const [outcome, found] = (await this.writer.run(
      settleLane,
      [checkpoint],
      [fence, this.tokens.get(lane)![partition]!, suppressed],
    )) as [string, string];
    if (outcome !== 'ok') throw this.refusal(outcome, found, this.writer.streams[partition]!.stream, lane);
  }

  /** Notes, for every partition of a lane, that the source has let go of all that was appended. */
  async noteSettled(lane: number, fence: string): Promise<void> {
    await Promise.all(this.writer.streams.map((_, partition) => this.settled(lane, fence, partition, 0)));
  }

  /** A refused write: another holder has the lane, or the target does not know any more what it had confirmed. */
  private refusal(outcome: string, found: string, stream: string, lane: number): Error {
    if (outcome === 'fenced') return new LaneFenced(lane);
    const what = outcome === 'lost' ? 'the checkpoint is gone' : `the checkpoint stands at '${found}'`;
    const known = this.tokens.get(lane)?.join(' ') ?? '';
    return this.writer.lostData(
      `${what} of lane ${lane} beside stream ${stream}, known was '${known}'`,
      stream,
    );
  }
}

/** The ids of a batch, as the checkpoint keeps them until the source is settled. */
function markerOf(entries: Entries): Buffer {
  const { ids, quarantinedIds, delayed, rows } = entries;
  const plain = quarantinedIds.length === 0 && !delayed && rows.names[0] === 'id';
  return plain ? packFirstFields(rows) : packIds([...ids, ...quarantinedIds, ...(delayed?.ids ?? [])]);
}
