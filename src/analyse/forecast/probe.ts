import { type RedisConnection, runScript } from '../../backends/redis/index.ts';
import { weighRows } from '../../backends/redis/scripts/weigh-rows.ts';
import { streamKeys } from '../../model/keys.ts';
import { type PackedRows, rowCount } from '../../model/packed.ts';

/** What a drain would do with some messages, but for writing. */
export interface Probe {
  messages: number;
  bytes: number;
  /** From the first batch to the last, in ms, reading and appending side by side as in a drain. */
  ms: number;
  /** Time spent waiting for the source, and for the target, in ms. */
  readMs: number;
  appendMs: number;
}

/** What the probe reads; undefined at its end. */
export type NextRows = () => Promise<PackedRows | undefined>;

/** The code of this process is as fast as it gets only after a while. */
const WARM_UP_MS = 300;
const LONGEST_MS = 1500;

/** Carries rows from the source to a script in the target that only looks, for a second or so. */
export async function probe(
  redis: RedisConnection,
  stream: string,
  next: NextRows,
  constants: readonly string[],
): Promise<Probe | null> {
  const key = `${streamKeys(stream).stats('probe')}:none`;
  const tail = JSON.stringify(constants);
  const append = (rows: PackedRows): Promise<unknown> =>
    runScript(
      redis.client,
      weighRows,
      [key],
      [JSON.stringify(rows.names), rows.data, rowCount(rows), tail, rows.dense ? '1' : '0'],
    );
  const meter = new Meter();
  let rows = await next();
  while (rows && !meter.over) {
    const [following] = await Promise.all([meter.read(next()), meter.append(append(rows))]);
    meter.add(rowCount(rows), rows.data.length);
    rows = following;
  }
  return meter.result;
}

/** Forgets what it has measured when the process has warmed up, where there is enough to go on with. */
class Meter {
  private readonly startedAt = performance.now();
  private warm = false;
  private now: Probe = { messages: 0, bytes: 0, ms: 0, readMs: 0, appendMs: 0 };
  private since = this.startedAt;

  get over(): boolean {
    return performance.now() - this.startedAt > LONGEST_MS;
  }

  add(messages: number, bytes: number): void {
    this.now.messages += messages;
    this.now.bytes += bytes;
    this.now.ms = performance.now() - this.since;
    if (this.warm || performance.now() - this.startedAt < WARM_UP_MS) return;
    this.warm = true;
    this.cold = this.now;
    this.now = { messages: 0, bytes: 0, ms: 0, readMs: 0, appendMs: 0 };
    this.since = performance.now();
  }

  private cold: Probe | null = null;

  async read<T>(work: Promise<T>): Promise<T> {
    const from = performance.now();
    const result = await work;
    this.now.readMs += performance.now() - from;
    return result;
  }

  async append(work: Promise<unknown>): Promise<void> {
    const from = performance.now();
    await work;
    this.now.appendMs += performance.now() - from;
  }

  /** Null where nothing was to be had. */
  get result(): Probe | null {
    const measured = this.now.messages >= (this.cold?.messages ?? 0) / 2 ? this.now : this.cold;
    return measured && measured.messages > 0 ? measured : null;
  }
}
