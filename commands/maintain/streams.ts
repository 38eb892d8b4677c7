import { QctlError } from '../../src/errors.ts';
import { type MovedReport, streamSettings, streamsToMove, type Work } from '../../src/streams/index.ts';
import type { Context } from '../context.ts';

/** The streams whose messages are to be looked at, see `streamsToMove`. */
export async function maintainedStreams(context: Context, work: Work, named?: string): Promise<string[]> {
  const redis = await context.redis();
  if (named === undefined) return streamsToMove(redis, work);
  const { streams } = await context.config();
  const { partitions } = streamSettings(streams, named, redis.kind === 'cluster');
  return streamsToMove(redis, work, named, partitions);
}

/** The error for messages that could not be moved since they were no longer there; undefined where all were. */
export function lostError(reports: readonly MovedReport[], label: string): QctlError | undefined {
  const lost = reports.filter((report) => report.lost > 0);
  if (lost.length === 0) return undefined;
  const count = lost.reduce((sum, report) => sum + report.lost, 0);
  const text = `${label} has lost data: the content of ${count} scheduled messages was gone when they were due`;
  return new QctlError('target', text, {
    code: 'TARGET_LOST_DATA',
    hint: [
      'it was evicted or deleted: check maxmemory-policy, which must be noeviction, and who writes to qctl:*',
    ],
    details: { streams: lost.map(({ stream, lost: gone }) => ({ stream, lost: gone })) },
  });
}
