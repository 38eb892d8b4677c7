import type { Cluster, Redis } from 'ioredis';
import { runScript } from '../backends/redis/script.ts';
import { reopenRun } from '../backends/redis/scripts/reopen-run.ts';
import { QctlError } from '../errors.ts';
import { RUN_INDEX, runKey } from '../model/keys.ts';
import type { Unevaluated } from '../sources/source.ts';
import type { Manifest } from './manifest.ts';
import type { LeftInSource } from './passed-over.ts';
import { merged, type SourceChange } from './source-watch.ts';

/** `running`: unfinished, at work or not; `done`: converged; `abandoned`: replaced by a later one. */
export type RunState = 'running' | 'done' | 'abandoned';

/** A run as it is recorded. */
export interface RunRecord {
  manifest: Manifest;
  state: RunState;
  finishedAt: string | null;
  /** Time of work of all processes so far. */
  activeMs: number;
  /** What its processes have seen happen to the source. */
  changes: SourceChange[];
  /** What the last process left in the source because it was not wanted. */
  left: LeftInSource | null;
  /** Messages of which the filter could say nothing, as the last process has seen it; null: none. */
  unevaluated: Unevaluated | null;
  /** Only messages enqueued before that moment are taken (RFC 3339); null: all. */
  before: string | null;
}

/** How long a name whose record is gone stays in the index: a record may be on its way. */
const NAMELESS_MS = 3_600_000;
const PAGE = 100;

/** The records of runs in Redis. */
export class RunStore {
  private readonly client: Redis | Cluster;

  constructor(client: Redis | Cluster) {
    this.client = client;
  }

  /** Index first: a run that is listed but has no record yet is passed over, one without index would be lost. */
  async create(manifest: Manifest, nowMs: number, before: string | null = null): Promise<void> {
    await this.client.zadd(RUN_INDEX, nowMs, manifest.run);
    await this.client.hset(runKey(manifest.run), {
      manifest: JSON.stringify(manifest),
      state: 'running',
      ...(before !== null && { before }),
    });
  }

  /** Writes again what has been lost of a run that is at work. */
  async restore(manifest: Manifest): Promise<void> {
    await this.client.zadd(RUN_INDEX, 'NX', Date.parse(manifest.createdAt), manifest.run);
    await this.client.hsetnx(runKey(manifest.run), 'state', 'running');
    await this.client.hsetnx(runKey(manifest.run), 'manifest', JSON.stringify(manifest));
  }

  async load(run: string): Promise<RunRecord | undefined> {
    const [manifest, state, finishedAt, activeMs, changes, left, unevaluated, before] =
      await this.client.hmget(
        runKey(run),
        'manifest',
        'state',
        'finishedAt',
        'activeMs',
        'changes',
        'left',
        'unevaluated',
        'before',
      );
    if (!manifest) return undefined;
    return {
      manifest: JSON.parse(manifest),
      state: (state ?? 'running') as RunState,
      finishedAt: finishedAt ?? null,
      activeMs: Number(activeMs ?? 0),
      changes: changes ? JSON.parse(changes) : [],
      left: left ? JSON.parse(left) : null,
      unevaluated: unevaluated ? JSON.parse(unevaluated) : null,
      before: before ?? null,
    };
  }

  /** Like {@link load}; a run that does not exist is a usage error with the nearest ones named. */
  async require(run: string): Promise<RunRecord> {
    const record = await this.load(run);
    if (record) return record;
    const known = await this.newest(5);
    throw new QctlError('usage', `there is no run ${run}`, {
      code: 'RUN_NOT_FOUND',
      hint: [
        known.length > 0 ? `the newest runs are ${known.join(', ')}` : 'no run is recorded in this Redis',
        'qctl drain list',
      ],
    });
  }

  /** Names, the newest first; some of them may have expired. */
  async newest(count: number): Promise<string[]> {
    return this.client.zrevrange(RUN_INDEX, 0, count - 1);
  }

  /** Records, the newest first; names whose record has expired are passed over. */
  async newestRecords(count: number): Promise<RunRecord[]> {
    const found: RunRecord[] = [];
    for (let from = 0; found.length < count; from += PAGE) {
      const names = await this.client.zrevrange(RUN_INDEX, from, from + PAGE - 1);
      const records = await Promise.all(names.map((name) => this.load(name)));
      found.push(...records.filter((record) => record !== undefined));
      if (names.length < PAGE) break;
    }
    return found.slice(0, count);
  }

  /** Takes names whose record has expired out of the index, the oldest first. Mere housekeeping: it never fails. */
  async prune(nowMs: number): Promise<void> {
    await this.pruneBefore(nowMs - NAMELESS_MS).catch(() => undefined);
  }

  private async pruneBefore(createdMs: number): Promise<void> {
    const names = await this.client.zrangebyscore(RUN_INDEX, '-inf', createdMs, 'LIMIT', 0, 1000);
    const there = await Promise.all(names.map((name) => this.client.exists(runKey(name))));
    const gone = names.filter((_, i) => there[i] === 0);
    if (gone.length > 0) await this.client.zrem(RUN_INDEX, ...gone);
  }

  async finish(run: string, state: RunState, at: Date): Promise<void> {
    await this.client.hset(runKey(run), 'state', state, 'finishedAt', at.toISOString());
  }

  /** Makes a run unfinished again, and its record last. Throws `refused` where it has expired meanwhile. */
  async reopen(run: string, before: string | null): Promise<void> {
    if ((await runScript(this.client, reopenRun, [runKey(run)], [before ?? ''])) === 1) return;
    throw new QctlError('refused', `run ${run} has just expired`, {
      code: 'RUN_EXPIRED',
      hint: ['the same command begins a new one'],
    });
  }

  /** Adds to what has been seen to happen to the source; returns all of it. */
  async noteChanges(run: string, changes: SourceChange[]): Promise<SourceChange[]> {
    const known = (await this.load(run))?.changes ?? [];
    if (changes.length === 0) return known;
    const all = merged(known, changes);
    await this.client.hset(runKey(run), 'changes', JSON.stringify(all));
    return all;
  }

  async notePassedOver(run: string, left: LeftInSource): Promise<void> {
    await this.client.hset(runKey(run), 'left', JSON.stringify(left));
  }

  async noteUnevaluated(run: string, unevaluated: Unevaluated | null): Promise<void> {
    if (unevaluated) await this.client.hset(runKey(run), 'unevaluated', JSON.stringify(unevaluated));
    else await this.client.hdel(runKey(run), 'unevaluated');
  }

  async addActive(run: string, ms: number): Promise<void> {
    await this.client.hincrby(runKey(run), 'activeMs', Math.round(ms));
  }
}
