import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisConnection } from '../backends/redis/index.ts';
import { parseExpression } from '../checks/index.ts';
import type { LoadProfile } from './profile.ts';
import { type LoadResult, MEASURES, measuresOf, summarise } from './result.ts';

const TICK_MS = 2;
const READ_AT_ONCE = 200;
const BLOCK_MS = 100;
/** How long the groups may take for what is left at the end. */
const DRAIN_MS = 30_000;
/** Where more than this share of the messages is behind its schedule by so much, it is the generator that is measured. */
const LATE_MS = 50;
const LATE_SHARE = 0.01;
/** So long after a test that was killed its stream is gone. */
const EXPIRE_MS = 120_000;
const EXPIRE_EVERY_MS = 10_000;

/**
 * Sends at a steady rate into a stream of its own, whether or not the answers come back in time, and has
 * groups acknowledge it all. The stream is gone when it returns. Ends early where the signal is aborted.
 * Rejects as the connection does.
 */
export async function runLoad(
  profile: LoadProfile,
  redis: RedisConnection,
  signal: AbortSignal,
): Promise<LoadResult> {
  const stream = `qctl:load:{${randomUUID()}}`;
  const run = new LoadRun(profile, redis, stream);
  try {
    await run.prepare();
    await run.produce(signal);
    await run.finish(signal);
    return run.result();
  } finally {
    await run.close();
    await redis.client.del(stream);
  }
}

class LoadRun {
  readonly #profile: LoadProfile;
  readonly #redis: RedisConnection;
  readonly #stream: string;
  readonly #planned: number;
  readonly #latencies: Float64Array;
  /** How often each message was seen, group by group. */
  readonly #seen: Uint8Array[];
  readonly #consumers: Promise<void>[] = [];
  #connections: RedisConnection[] = [];
  #measured = 0;

  #sent = 0;
  #answered = 0;
  #lastAnswerMs = 0;
  #errors = 0;
  #late = 0;
  #lateMs = 0;
  #startedAt = 0;
  #over = false;

  constructor(profile: LoadProfile, redis: RedisConnection, stream: string) {
    this.#profile = profile;
    this.#redis = redis;
    this.#stream = stream;
    this.#planned = Math.max(1, Math.floor((profile.rate * profile.duration) / 1000));
    this.#latencies = new Float64Array(this.#planned * profile.groups);
    this.#seen = Array.from({ length: profile.groups }, () => new Uint8Array(this.#planned));
  }

  /** Groups and consumers are there before the first message. */
  async prepare(): Promise<void> {
    const { groups, consumers } = this.#profile;
    for (let group = 0; group < groups; group += 1)
      await this.#redis.client.xgroup('CREATE', this.#stream, `g${group}`, '0', 'MKSTREAM');
    await this.#redis.client.pexpire(this.#stream, EXPIRE_MS);
    const open = async () => this.#connections.push(await this.#redis.duplicate());
    const opened = await Promise.allSettled(Array.from({ length: groups * consumers }, open));
    for (const one of opened) if (one.status === 'rejected') throw one.reason;
    for (const [at, connection] of this.#connections.entries())
      this.#consumers.push(this.#consume(connection, at % groups, `c${at}`));
  }

  async produce(signal: AbortSignal): Promise<void> {
    const { rate, payloadBytes } = this.#profile;
    const body = 'x'.repeat(payloadBytes);
    const everyMs = 1000 / rate;
    this.#startedAt = performance.now();
    let keptAt = 0;
    while (this.#sent < this.#planned && !signal.aborted) {
      const now = performance.now() - this.#startedAt;
      const due = Math.min(this.#planned, Math.floor(now / everyMs) + 1);
      for (; this.#sent < due; this.#sent += 1) {
        const lateMs = now - this.#sent * everyMs;
        if (lateMs > LATE_MS) this.#late += 1;
        this.#lateMs = Math.max(this.#lateMs, lateMs);
        this.#send(this.#sent, body);
      }
      if (now - keptAt > EXPIRE_EVERY_MS) {
        keptAt = now;
        this.#redis.client.pexpire(this.#stream, EXPIRE_MS).catch(() => undefined);
      }
      await sleep(TICK_MS);
    }
  }

  #send(seq: number, body: string): void {
    this.#redis.client.xadd(this.#stream, '*', 'seq', seq, 'body', body).then(
      () => {
        this.#answered += 1;
        this.#lastAnswerMs = performance.now() - this.#startedAt;
      },
      () => {
        this.#errors += 1;
      },
    );
  }

  async #consume(connection: RedisConnection, group: number, consumer: string): Promise<void> {
    const own = ['GROUP', `g${group}`, consumer] as const;
    while (!this.#over) {
      const reply = (await connection.client
        .xreadgroup(...own, 'COUNT', READ_AT_ONCE, 'BLOCK', BLOCK_MS, 'STREAMS', this.#stream, '>')
        .catch(() => this.#failed())) as [string, [string, string[]][]][] | null;
      const entries = reply?.[0]?.[1] ?? [];
      if (entries.length === 0) continue;
      await connection.client
        .xack(this.#stream, `g${group}`, ...entries.map(([id]) => id))
        .catch(() => this.#failed());
      for (const [, fields] of entries) this.#saw(group, Number(fields[1]));
    }
  }

  #saw(group: number, seq: number): void {
    const seen = this.#seen[group]!;
    seen[seq] = Math.min(255, seen[seq]! + 1);
    if (seen[seq] > 1) return;
    const intended = this.#startedAt + (seq * 1000) / this.#profile.rate;
    this.#latencies[this.#measured] = performance.now() - intended;
    this.#measured += 1;
  }

  async #failed(): Promise<null> {
    this.#errors += 1;
    await sleep(BLOCK_MS);
    return null;
  }

  /** Waits for what is on its way. */
  async finish(signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + DRAIN_MS;
    const wanted = this.#sent * this.#profile.groups;
    while (this.#measured < wanted && performance.now() < deadline && !signal.aborted) await sleep(10);
  }

  async close(): Promise<void> {
    this.#over = true;
    await Promise.all(this.#consumers);
    await Promise.all(this.#connections.map((connection) => connection.close()));
  }

  result(): LoadResult {
    const sendingMs = (Math.max(1, this.#sent) * 1000) / this.#profile.rate;
    const counts = this.#seen.map((seen) => seen.subarray(0, this.#sent));
    const tally = (counting: (times: number) => boolean) =>
      counts.reduce((sum, seen) => sum + seen.filter(counting).length, 0);
    const result = {
      type: 'load' as const,
      target: this.#redis.label,
      wantedPerSecond: this.#profile.rate,
      ratePerSecond: (this.#answered * 1000) / Math.max(this.#lastAnswerMs, sendingMs),
      sent: this.#sent,
      elapsedMs: performance.now() - this.#startedAt,
      latencyMs: summarise(this.#latencies.subarray(0, this.#measured)),
      lost: tally((times) => times === 0),
      doubled: tally((times) => times > 1),
      errors: this.#errors,
      lateMs: this.#lateMs,
      generatorLimited: this.#late > this.#sent * LATE_SHARE,
    };
    const scope = measuresOf(result);
    const thresholds = this.#profile.thresholds.map((text) => ({
      text,
      holds: parseExpression(text, MEASURES).holds(scope),
    }));
    return { ...result, thresholds };
  }
}
