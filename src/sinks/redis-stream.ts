import type { Cluster, Redis } from 'ioredis';
import { isRetryable } from '../backends/redis/errors.ts';
import { type RedisScript, runScript, type ScriptArg } from '../backends/redis/script.ts';
import { appendLane } from '../backends/redis/scripts/append-lane.ts';
import { appendLedger } from '../backends/redis/scripts/append-ledger.ts';
import { confirmLedger } from '../backends/redis/scripts/confirm-ledger.ts';
import { settleLane } from '../backends/redis/scripts/settle-lane.ts';
import { QctlError } from '../errors.ts';
import type { LaneMark, LedgerMark } from '../model/batch.ts';
import { partitionKeys, type StreamKeys, streamKeys } from '../model/keys.ts';
import { packIds } from '../model/packed.ts';
import { type Patience, patiently } from '../model/patience.ts';
import type { Entries } from '../transform/pack.ts';
import { type Durability, durably, NotDurable, nodeFor } from './durability.ts';
import { LaneFenced } from './fenced.ts';
import { type LaneStates, readLane } from './lane-state.ts';
import { type Part, partitioned } from './partition.ts';
import type { Appended, Sink } from './sink.ts';

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
  patience: Patience;
  targetNow(): number;
}

/** Writes to one Redis stream, or to its partitions. */
export class RedisStreamSink implements Sink {
  readonly streams: StreamKeys[];
  private readonly options: StreamSinkOptions;
  private readonly constants: string;
  /** What the target's checkpoint of a lane is believed to be: a token for each partition. */
  private readonly tokens = new Map<number, string[]>();
  private calls = 0;

  constructor(options: StreamSinkOptions) {
    this.options = options;
    this.streams = partitionKeys(options.stream, options.partitions).map(streamKeys);
    this.constants = JSON.stringify(options.constants);
  }

  async append(entries: Entries, mark: LaneMark | LedgerMark): Promise<Appended> {
    const parts = partitioned(entries, this.streams.length, mark.kind === 'lane' && !mark.keepIds);
    const write = (part: Part): Promise<Appended> =>
      mark.kind === 'lane' ? this.appendLane(part, mark) : this.appendLedger(part, mark);
    if (parts.length === 1) return write(parts[0]!);
    return sum(await Promise.all(parts.map(write)));
  }

  /** Seals a lane for `fence` and learns where its partitions stand. */
  async openLane(lane: number, fence: string): Promise<LaneStates> {
    const states = await this.patiently(() =>
      readLane(this.options.client, this.streams, this.options.run, lane, fence),
    );
    this.tokens.set(
      lane,
      states.map((state) => state.token),
    );
    return states;
  }

  private async appendLane(part: Part, mark: LaneMark): Promise<Appended> {
    const { entries, partition } = part;
    const keys = this.streams[partition]!;
    const tokens = this.tokens.get(mark.lane)!;
    const ids = mark.keepIds ? packIds([...entries.ids, ...entries.quarantinedIds]) : '';
    const args = [
      mark.fence,
      tokens[partition]!,
      mark.token,
      mark.mode,
      mark.note,
      ids,
      JSON.stringify(entries.rows.names),
      entries.rows.data,
      entries.ids.length,
      this.constants,
      this.maxLen(),
      entries.quarantined.data,
      entries.quarantinedIds.length,
      entries.bytes,
      entries.rows.dense ? 1 : 0,
    ];
    const checkpoint = keys.checkpoint(this.options.run, mark.lane);
    const [outcome, found] = (await this.run(
      appendLane,
      [keys.stream, checkpoint, keys.quarantine],
      args,
    )) as [string, string];
    if (outcome !== 'ok' && outcome !== 'again') throw this.refusal(outcome, found, keys.stream, mark);
    tokens[partition] = mark.token;
    const appended = entries.ids.length;
    const held = [{ partition, ids: entries.ids }];
    return { held, appended, suppressed: 0, quarantined: entries.quarantinedIds.length, expired: false };
  }

  private async appendLedger({ entries, partition }: Part, mark: LedgerMark): Promise<Appended> {
    const keys = this.streams[partition]!;
    const ids = [...entries.ids, ...entries.quarantinedIds];
    this.calls += 1;
    // Names this call in the ledger, so that its own repetition is not taken for a duplicate.
    const call = `${process.pid.toString(36)}${this.calls.toString(36)}:`;
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
    const [outcome, flags] = (await this.run(appendLedger, names, args)) as [string, string];
    if (outcome === 'expired') return { held: [], appended: 0, suppressed: 0, quarantined: 0, expired: true };
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

  /** Notes that the source has let go of what a partition's checkpoint names. */
  async settled(lane: number, fence: string, partition: number, suppressed: number): Promise<void> {
    const checkpoint = this.streams[partition]!.checkpoint(this.options.run, lane);
    const outcome = await this.run(
      settleLane,
      [checkpoint],
      [fence, this.tokens.get(lane)![partition]!, suppressed],
    );
    if (outcome === 'fenced') throw new LaneFenced(lane);
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

  private refusal(outcome: string, found: string, stream: string, mark: LaneMark): Error {
    if (outcome === 'fenced') return new LaneFenced(mark.lane);
    const what = outcome === 'lost' ? 'the checkpoint is gone' : `the checkpoint stands at '${found}'`;
    return new QctlError(
      'target',
      `${this.options.label} has lost data: ${what} of lane ${mark.lane} beside stream ${stream}, where '${this.tokens.get(mark.lane)?.join(' ')}' was confirmed`,
      {
        code: 'TARGET_LOST_DATA',
        hint: [
          'Redis came back without what it had confirmed: a restart without persistence, or a failover to a replica that lagged',
          'nothing more was settled; compare with `qctl verify`, and use --durability aof or wait:N',
        ],
        details: { run: this.options.run, lane: mark.lane, stream },
      },
    );
  }
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
