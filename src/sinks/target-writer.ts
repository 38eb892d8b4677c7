import type { Cluster, Redis } from 'ioredis';
import { isRetryable } from '../backends/redis/errors.ts';
import { type RedisScript, runScript, type ScriptArg } from '../backends/redis/script.ts';
import { partitionKeys, type StreamKeys, streamKeys } from '../model/keys.ts';
import { type Patience, patiently } from '../model/patience.ts';
import type { Entries } from '../transform/pack.ts';
import { dataLost } from './data-lost.ts';
import { DelayedIndex } from './delayed-rows.ts';
import { type Durability, durably, learnSlots, NotDurable, nodeFor } from './durability.ts';

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

/** What every write to the target has in common: it waits while the target cannot, and until it is safe. */
export class TargetWriter {
  readonly options: StreamSinkOptions;
  readonly streams: StreamKeys[];
  /** As the scripts take them. */
  readonly constants: string;
  readonly maxLen: string;
  private readonly index = new DelayedIndex();

  constructor(options: StreamSinkOptions) {
    this.options = options;
    this.streams = partitionKeys(options.stream, options.partitions).map(streamKeys);
    this.constants = JSON.stringify(options.constants);
    this.maxLen = options.maxLen === undefined ? '' : String(options.maxLen);
  }

  run(script: RedisScript, keys: string[], args: ScriptArg[] | (() => ScriptArg[])): Promise<unknown> {
    const { client, durability } = this.options;
    return this.patiently(() => {
      const now = typeof args === 'function' ? args() : args;
      if (durability.kind === 'memory') return runScript(client, script, keys, now);
      return durably(nodeFor(client, keys[0]!), durability, (node, sent) =>
        runScript(node, script, keys, now, sent),
      );
    });
  }

  /** Runs a script that appends. Where it puts messages aside, whoever moves them has to know of the stream. */
  async append(
    script: RedisScript,
    keys: string[],
    args: ScriptArg[] | (() => ScriptArg[]),
    { delayed }: Entries,
  ): Promise<unknown> {
    if (!delayed) return this.run(script, keys, args);
    await this.announce(keys[0]!);
    const result = await this.run(script, keys, args);
    // It may have waited for long, and what is announced is forgotten after a day without messages.
    await this.announce(keys[0]!);
    return result;
  }

  private announce(stream: string): Promise<unknown> | undefined {
    const { client, targetNow } = this.options;
    const fresh = this.index.isFresh(stream);
    return fresh ? undefined : this.patiently(() => this.index.announce(client, stream, targetNow()));
  }

  patiently<T>(action: () => Promise<T>): Promise<T> {
    const { client } = this.options;
    const reason = (error: unknown): string | undefined => {
      learnSlots(client);
      const kind = client.isCluster ? 'cluster' : undefined;
      return error instanceof NotDurable ? error.message : isRetryable(error, kind);
    };
    return patiently(this.options.patience, this.options.label, reason, action);
  }

  lostData(what: string, stream: string): Error {
    return dataLost(this.options.label, what, { run: this.options.run, stream });
  }
}
