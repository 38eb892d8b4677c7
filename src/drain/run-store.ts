import type { Cluster, Redis } from 'ioredis';
import { QctlError } from '../errors.ts';
import { RUN_INDEX, runKey } from '../model/keys.ts';
import type { Manifest } from './manifest.ts';
import type { LeftInSource } from './passed-over.ts';
import { merged, type SourceChange } from './source-watch.ts';

/** `running`: unfinished, at work or not; `done`: converged; `abandoned`: replaced by a `--fresh` one. */
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
}

/** The records of runs in Redis. */
export class RunStore {
  private readonly client: Redis | Cluster;

  constructor(client: Redis | Cluster) {
    this.client = client;
  }

  /** Index first: a run that is listed but has no record yet is passed over, one without index would be lost. */
  async create(manifest: Manifest, nowMs: number): Promise<void> {
    await this.client.zadd(RUN_INDEX, nowMs, manifest.run);
    await this.client.hset(runKey(manifest.run), 'manifest', JSON.stringify(manifest), 'state', 'running');
  }

  /** Writes again what has been lost of a run that is at work. */
  async restore(manifest: Manifest): Promise<void> {
    await this.client.zadd(RUN_INDEX, 'NX', Date.parse(manifest.createdAt), manifest.run);
    await this.client.hsetnx(runKey(manifest.run), 'state', 'running');
    await this.client.hsetnx(runKey(manifest.run), 'manifest', JSON.stringify(manifest));
  }

  async load(run: string): Promise<RunRecord | undefined> {
    const [manifest, state, finishedAt, activeMs, changes, left] = await this.client.hmget(
      runKey(run),
      'manifest',
      'state',
      'finishedAt',
      'activeMs',
      'changes',
      'left',
    );
    if (!manifest) return undefined;
    return {
      manifest: JSON.parse(manifest),
      state: (state ?? 'running') as RunState,
      finishedAt: finishedAt ?? null,
      activeMs: Number(activeMs ?? 0),
      changes: changes ? JSON.parse(changes) : [],
      left: left ? JSON.parse(left) : null,
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

  async newest(count: number): Promise<string[]> {
    return this.client.zrevrange(RUN_INDEX, 0, count - 1);
  }

  async finish(run: string, state: RunState, at: Date): Promise<void> {
    await this.client.hset(runKey(run), 'state', state, 'finishedAt', at.toISOString());
  }

  async reopen(run: string): Promise<void> {
    await this.client.hset(runKey(run), 'state', 'running');
    await this.client.hdel(runKey(run), 'finishedAt');
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

  async addActive(run: string, ms: number): Promise<void> {
    await this.client.hincrby(runKey(run), 'activeMs', Math.round(ms));
  }
}
