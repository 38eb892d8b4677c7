import type { RedisConnection } from '../backends/redis/index.ts';
import { asBack } from './back/attach.ts';
import { viewRun } from './membership.ts';
import { type RunRecord, RunStore } from './run-store.ts';

/** A run that has not come to its end. */
export interface UnfinishedRun {
  run: string;
  /** `back`: it takes messages out of the stream. */
  mode: 'move' | 'copy' | 'back';
  /** The source as the run's record names it. */
  source: string;
  stream: string;
  /** Processes that are at work on it, each as `pid 4711 on host`. */
  atWork: string[];
}

/** So many runs are looked at, the newest first. */
const MOST_RUNS = 200;

/**
 * Unfinished runs into this stream, out of it, or from a source of this kind and name. Reads only. Throws the raw
 * error of Redis where this user may not read qctl's keys.
 */
export async function unfinishedRuns(
  { client }: RedisConnection,
  { stream, source }: { stream: string; source: { kind: string; name: string } | null },
): Promise<UnfinishedRun[]> {
  const concerns = ({ manifest, state }: RunRecord): boolean =>
    state === 'running' &&
    (manifest.target.stream === stream ||
      (source !== null && manifest.source.kind === source.kind && manifest.source.name === source.name));
  const records = (await new RunStore(client).newestRecords(MOST_RUNS)).filter(concerns);
  return Promise.all(
    records.map(async ({ manifest }) => {
      const { run, target } = manifest;
      const alive = [...(await viewRun(client, run)).alive.values()];
      return {
        run,
        mode: asBack(manifest) ? ('back' as const) : manifest.mode,
        source: manifest.source.label,
        stream: target.stream,
        atWork: alive.map(({ pid, host }) => `pid ${pid} on ${host}`),
      };
    }),
  );
}
