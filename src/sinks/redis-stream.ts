import { randomBytes } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import { isRetryable } from '../backends/redis/errors.ts';
import { type RedisScript, runScript, type ScriptArg } from '../backends/redis/script.ts';
import { appendLane } from '../backends/redis/scripts/append-lane.ts';
import { appendLedger } from '../backends/redis/scripts/append-ledger.ts';
import { confirmLedger } from '../backends/redis/scripts/confirm-ledger.ts';
import { settleLane } from '../backends/redis/scripts/settle-lane.ts';
import type { LaneMark, LedgerMark } from '../model/batch.ts';
import { partitionKeys, type StreamKeys, streamKeys } from '../model/keys.ts';
import { packFirstFields, packIds } from '../model/packed.ts';
import { type Patience, patiently } from '../model/patience.ts';
import type { Entries } from '../transform/pack.ts';
import { dataLost } from './data-lost.ts';
import { type Durability, durably, NotDurable, nodeFor } from './durability.ts';
import { LaneFenced } from './fenced.ts';
import { CheckpointLost, isOlder, type LaneStates, readLane, refuseOlder } from './lane-state.ts';
import { type Part, partitioned } from './partition.ts';
import type { Appended, Sink } from './sink.ts';

/** What a ledger's count of appends begins with; below it stands what nobody has seeded. */
const FIRST_STEP = 1;
/** Lua takes no more than some thousand values at once. */
const IDS_A_CALL = 1000;

export interface StreamSinkOptions {
  client: Redis | Cluster;
  label: string;
  stream: string;
  partitions: number;
  run: string;
  /** The run whose ledger this one goes on with: its own, or its predecessor's. */
  ledgerRun: string;
  /** name, value, … that every entry ends with. */
  constants: string[];
  /** Entries the stream keeps, about; undefined: all. */
  maxLen?: number;
  durability: Durability;
  /** How long a settled id is remembered. */
  windowMs: number;
  /** True where {@link RedisStreamSink.seed} has been called for this run: what is not there then has been lost. */
  seeded?: boolean;
  patience: Patience;
  targetNow(): number;
}

/** Writes to one Redis stream, or to its partitions. */
export class RedisStreamSink implements Sink {
  readonly streams: StreamKeys[];
  private readonly options: StreamSinkOptions;
  private readonly constants: string;
  /** What the target's checkpoint of a lane will be when all that was sent has arrived: a token for each partition. */
  private readonly tokens = new Map<number, string[]>();
  /** The last append that was sent, by checkpoint, while it is on its way. */
  private readonly turns = new Map<string, Promise<void>>();
  /** What the target has confirmed, by checkpoint: it never goes back behind that by itself. */
  private readonly confirmed = new Map<string, string>();
  /** By partition, the highest number of an append that the ledger has confirmed: later ones are higher. */
  private readonly steps: number[];
  /** Tells this sink's calls from those of every other, in other containers with the same pid as well. */
  private readonly name = randomBytes(6).toString('base64url');
  private calls = 0;

  constructor(options: StreamSinkOptions) {
    this.options = options;
    this.streams = partitionKeys(options.stream, options.partitions).map(streamKeys);
    this.steps = this.streams.map(() => (options.seeded ? FIRST_STEP : 0));
    this.constants = JSON.stringify(options.constants);
  }

  async append(entries: Entries, mark: LaneMark | LedgerMark): Promise<Appended> {
    const parts = partitioned(entries, this.streams.length, mark.kind === 'lane' && !mark.keepIds);
    const write = (part: Part): Promise<Appended> =>
      mark.kind === 'lane' ? this.appendLane(part, mark) : this.appendLedger(part, mark);
    if (parts.length === 1) return write(parts[0]!);
    return sum(await Promise.all(parts.map(write)));
  }

  /** Makes what a run keeps beside its streams, so that it can be missed later. May be repeated. */
  async seed(lanes: number): Promise<void> {
    const { client, run } = this.options;
    for (const keys of this.streams) {
      for (let lane = 0; lane < lanes; lane += 1)
        await client.hsetnx(keys.checkpoint(run, lane), 'token', '');
      if (lanes === 0) await client.hsetnx(keys.stats(run), 'step', FIRST_STEP);
    }
  }

  /** Seals a lane for `fence` and learns where its partitions stand. */
  async openLane(lane: number, fence: string): Promise<LaneStates> {
    const { client, run, seeded = false } = this.options;
    try {
      const states = await this.patiently(() => readLane(client, this.streams, run, lane, fence, seeded));
      this.learn(lane, states);
      return states;
    } catch (error) {
      if (!(error instanceof CheckpointLost)) throw error;
      throw this.refusal(error.found === '' ? 'lost' : 'moved', error.found, error.stream, lane);
    }
  }

  private learn(lane: number, states: LaneStates): void {
    for (const { partition, token } of states) {
      const { stream, checkpoint } = this.streams[partition]!;
      refuseOlder(stream, token, this.confirmed.get(checkpoint(this.options.run, lane)));
      this.confirmed.set(checkpoint(this.options.run, lane), token);
    }
    this.tokens.set(
      lane,
      states.map((state) => state.token),
    );
  }

  private async appendLane(part: Part, mark: LaneMark): Promise<Appended> {
    const { entries, partition } = part;
    const keys = this.streams[partition]!;
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
      this.constants,
      this.maxLen(),
      entries.quarantined.data,
      entries.quarantinedIds.length,
      entries.bytes,
      entries.rows.dense ? 1 : 0,
    ];
    const checkpoint = keys.checkpoint(this.options.run, mark.lane);
    tokens[partition] = mark.token;
    await this.inTurn(checkpoint, async (earlier) => {
      const write = (): Promise<[string, string]> =>
        this.run(appendLane, [keys.stream, checkpoint, keys.quarantine], args) as Promise<[string, string]>;
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
    return { held: [], appended: entries.count, suppressed: 0, quarantined, expired: false };
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

  private async appendLedger({ entries, partition }: Part, mark: LedgerMark): Promise<Appended> {
    const keys = this.streams[partition]!;
    const ids = [...entries.ids, ...entries.quarantinedIds];
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
      this.constants,
      this.maxLen(),
      entries.quarantined.data,
      entries.quarantinedIds.length,
      entries.bytes,
      ...ids,
    ];
    const names = [
      keys.stream,
      keys.ledger(this.ledger),
      keys.settled(this.ledger, now),
      keys.settled(this.ledger, before),
      keys.stats(this.options.run),
      keys.quarantine,
    ];
    const confirmed = this.steps[partition]!;
    const [outcome, step, flags] = (await this.run(appendLedger, names, args)) as [string, number, string];
    if (outcome === 'expired') return { held: [], appended: 0, suppressed: 0, quarantined: 0, expired: true };
    if (step <= confirmed) throw this.lostLedger(keys.stream, confirmed);
    this.steps[partition] = Math.max(this.steps[partition]!, step);
    const fresh = [...flags].filter((flag) => flag === '+').length;
    const quarantined = [...flags.slice(entries.ids.length)].filter((flag) => flag === '+').length;
    return {
      held: [{ partition, ids }],
      appended: fresh - quarantined,
      suppressed: ids.length - fresh,
      quarantined,
      expired: false,
    };
  }

  /** Notes what the source has deleted; returns how many of them had been open. */
  async confirm(held: Appended['held'], deleted: Set<string>): Promise<number> {
    let confirmed = 0;
    for (const { partition, ids } of held) {
      const gone = ids.filter((id) => deleted.has(id));
      if (gone.length === 0) continue;
      const keys = this.streams[partition]!;
      const names = [
        keys.ledger(this.ledger),
        keys.settled(this.ledger, this.windows()[0]),
        keys.stats(this.options.run),
      ];
      confirmed += Number(await this.run(confirmLedger, names, [2 * this.options.windowMs, ...gone]));
    }
    return confirmed;
  }

  /** Notes that the source holds nothing any more: whatever the ledger has open has been deleted. */
  async confirmAll(): Promise<void> {
    for (const [partition, keys] of this.streams.entries()) {
      const open = await this.patiently(() => this.options.client.hkeys(keys.ledger(this.ledger)));
      for (let at = 0; at < open.length; at += IDS_A_CALL) {
        const ids = open.slice(at, at + IDS_A_CALL);
        await this.confirm([{ partition, ids }], new Set(ids));
      }
    }
  }

  /** Notes that the source has let go of what a partition's checkpoint names. */
  async settled(lane: number, fence: string, partition: number, suppressed: number): Promise<void> {
    const checkpoint = this.streams[partition]!.checkpoint(this.options.run, lane);
    const [outcome, found] = (await this.run(
      settleLane,
      [checkpoint],
      [fence, this.tokens.get(lane)![partition]!, suppressed],
    )) as [string, string];
    if (outcome !== 'ok') throw this.refusal(outcome, found, this.streams[partition]!.stream, lane);
  }

  /** Notes, for every partition of a lane, that the source has let go of all that was appended. */
  async noteSettled(lane: number, fence: string): Promise<void> {
    await Promise.all(this.streams.map((_, partition) => this.settled(lane, fence, partition, 0)));
  }

  private get ledger(): string {
    return this.options.ledgerRun;
  }

  private maxLen(): string {
    return this.options.maxLen === undefined ? '' : String(this.options.maxLen);
  }

  private windows(): [number, number] {
    const window = Math.floor(this.options.targetNow() / this.options.windowMs);
    return [window, window - 1];
  }

  private run(
    script: RedisScript,
    keys: string[],
    args: ScriptArg[] | (() => ScriptArg[]),
  ): Promise<unknown> {
    const { client, durability } = this.options;
    return this.patiently(() => {
      const now = typeof args === 'function' ? args() : args;
      if (durability.kind === 'memory') return runScript(client, script, keys, now);
      return durably(nodeFor(client, keys[0]!), durability, (node) => runScript(node, script, keys, now));
    });
  }

  private patiently<T>(action: () => Promise<T>): Promise<T> {
    const reason = (error: unknown): string | undefined =>
      error instanceof NotDurable ? error.message : isRetryable(error);
    return patiently(this.options.patience, this.options.label, reason, action);
  }

  /** A refused write: another holder has the lane, or the target does not know any more what it had confirmed. */
  private refusal(outcome: string, found: string, stream: string, lane: number): Error {
    if (outcome === 'fenced') return new LaneFenced(lane);
    const what = outcome === 'lost' ? 'the checkpoint is gone' : `the checkpoint stands at '${found}'`;
    const known = this.tokens.get(lane)?.join(' ') ?? '';
    return this.lostData(`${what} of lane ${lane} beside stream ${stream}, known was '${known}'`, stream);
  }

  private lostLedger(stream: string, confirmed: number): Error {
    return this.lostData(
      `the ledger beside stream ${stream} does not know append ${confirmed} any more`,
      stream,
    );
  }

  private lostData(what: string, stream: string): Error {
    return dataLost(this.options.label, what, { run: this.options.run, stream });
  }
}

/** The ids of a batch, as the checkpoint keeps them until the source is settled. */
function markerOf(entries: Entries): Buffer {
  const plain = entries.quarantinedIds.length === 0 && entries.rows.names[0] === 'id';
  return plain ? packFirstFields(entries.rows) : packIds([...entries.ids, ...entries.quarantinedIds]);
}

function sum(results: Appended[]): Appended {
  const total: Appended = { held: [], appended: 0, suppressed: 0, quarantined: 0, expired: false };
  for (const result of results) {
    total.held.push(...result.held);
    total.appended += result.appended;
    total.suppressed += result.suppressed;
    total.quarantined += result.quarantined;
    total.expired ||= result.expired;
  }
  return total;
}
