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
  /** Last sign of life of any process, in server ms; that of its creation where none is known. */
  seenMs: number;
}

/** So many runs are looked at, the newest first. */
const MOST_RUNS = 200;

/**
 * Unfinished runs into this stream, out of it, or from a source of this kind and name; all where nothing is named. Reads only. Throws the raw
 * error of Redis where this user may not read qctl's keys.
 */
export async function unfinishedRuns(
  { client }: RedisConnection,
  about?: { stream: string; source: { kind: string; name: string } | null },
): Promise<UnfinishedRun[]> {
  const concerns = ({ manifest, state }: RunRecord): boolean =>
    state === 'running' &&
    (!about ||
      manifest.target.stream === about.stream ||
      (manifest.source.kind === about.source?.kind && manifest.source.name === about.source.name));
  const records = (await new RunStore(client).newestRecords(MOST_RUNS)).filter(concerns);
  return Promise.all(
    records.map(async ({ manifest }) => {
      const { run, target } = manifest;
      const { alive, seenMs } = await viewRun(client, run);
      return {
        run,
        mode: asBack(manifest) ? ('back' as const) : manifest.mode,
        source: manifest.source.label,
        stream: target.stream,
        atWork: [...alive.values()].map(({ pid, host }) => `pid ${pid} on ${host}`),
        seenMs: seenMs ?? Date.parse(manifest.createdAt),
      };
    }),
  );
}
