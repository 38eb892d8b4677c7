/** What a simulated drain of a queue is made of. */
export interface Setting {
  messages: number;
  processes: number;
  /** Receivers of each process. */
  receivers: number;
  /** Of one receive or delete, in ms. */
  callMs: number;
  /** What a process spends on a message itself, one core each, in µs. */
  processMicros: number;
  /** What a shard spends on an entry, one core each, in µs. */
  shardMicros: number;
  /** Share of the messages that each partition gets; the sum is 1. */
  shares: readonly number[];
  shards: number;
}

/** What becomes of it. */
export interface Outcome {
  perSecond: number;
  /** Of the time, how long the busiest shard was at work. */
  busiestShard: number;
  /** Of the time, how long the busiest process was. */
  busiestProcess: number;
}

const BATCH = 10;

/**
 * Plays a drain call by call: each receiver receives ten messages, its process works on them, the shards append their
 * parts, the receiver deletes. A process and a shard do one thing at a time; what comes meanwhile waits.
 *
 * @param random numbers from 0 to 1
 */
export function simulateDrain(setting: Setting, random: () => number): Outcome {
  const { processes, receivers, callMs, shards } = setting;
  const partitionAt = picker(setting.shares, random);
  const free = { process: new Float64Array(processes), shard: new Float64Array(shards) };
  const busy = { process: new Float64Array(processes), shard: new Float64Array(shards) };
  const take = (kind: 'process' | 'shard', at: number, from: number, ms: number) => {
    free[kind][at] = Math.max(free[kind][at]!, from) + ms;
    busy[kind][at]! += ms;
    return free[kind][at]!;
  };
  const events = new Heap(processes * receivers);
  let done = 0;
  let end = 0;
  while (done < setting.messages) {
    const [receiver, now] = events.first();
    const process = receiver % processes;
    const worked = take('process', process, now + callMs, (BATCH * setting.processMicros) / 1000);
    let appended = worked;
    for (let n = 0; n < BATCH; n += 1) {
      const shard = partitionAt() % shards;
      appended = Math.max(appended, take('shard', shard, worked, setting.shardMicros / 1000));
    }
    end = appended + callMs;
    events.replaceFirst(end);
    done += BATCH;
  }
  return {
    perSecond: (done / end) * 1000,
    busiestShard: Math.max(...busy.shard) / end,
    busiestProcess: Math.max(...busy.process) / end,
  };
}

/** Partitions as often as their shares say. */
function picker(shares: readonly number[], random: () => number): () => number {
  const bounds: number[] = [];
  for (const share of shares) bounds.push((bounds.at(-1) ?? 0) + share);
  return () => {
    const at = random() * bounds.at(-1)!;
    const found = bounds.findIndex((bound) => at < bound);
    return found < 0 ? bounds.length - 1 : found;
  };
}

/** Receivers by when they are next free: the earliest first. */
class Heap {
  readonly #ids: Int32Array;
  readonly #times: Float64Array;

  constructor(size: number) {
    this.#ids = Int32Array.from({ length: size }, (_, id) => id);
    this.#times = new Float64Array(size);
  }

  first(): [id: number, time: number] {
    return [this.#ids[0]!, this.#times[0]!];
  }

  replaceFirst(time: number): void {
    this.#times[0] = time;
    let at = 0;
    for (;;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let least = at;
      if (left < this.#ids.length && this.#times[left]! < this.#times[least]!) least = left;
      if (right < this.#ids.length && this.#times[right]! < this.#times[least]!) least = right;
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #swap(a: number, b: number): void {
    [this.#times[a], this.#times[b]] = [this.#times[b]!, this.#times[a]!];
    [this.#ids[a], this.#ids[b]] = [this.#ids[b]!, this.#ids[a]!];
  }
}
