import { formatDuration } from '../../src/model/duration.ts';
import { plural } from '../../src/model/plural.ts';
import { shortList } from '../../src/model/short-list.ts';
import type { Change } from './change.ts';

/** A process that is at work looks every second. */
const SILENT_MS = 60_000;

/** How it reaches the processes: they look once a second, unless there are none. */
export function reachText(changes: readonly Change[], dryRun: boolean): string[] {
  if (dryRun) return ['nothing was changed (--dry-run)'];
  const changed = changes.filter(({ prior, next }) => next.seq !== prior.seq);
  const silent = changed.filter(({ next }) => next.seenMs === null || next.nowMs - next.seenMs > SILENT_MS);
  const heard = changed.length - silent.length;
  return [...(heard > 0 ? ['processes notice within a second'] : []), ...silentText(silent, changed.length)];
}

function silentText(silent: readonly Change[], total: number): string[] {
  const [first] = silent;
  if (!first) return [];
  const later = 'it counts as soon as one looks';
  if (silent.length > 1) {
    const names = shortList(silent.map(({ name }) => name));
    return [
      `of ${silent.length} of ${total} ${plural(total, 'breaker')} no process has been heard of for a minute (${names}): ${later}`,
    ];
  }
  const { seenMs, nowMs } = first.next;
  const since = seenMs === null ? 'yet' : `for ${formatDuration(nowMs - seenMs)}`;
  return [`no process of ${first.name} has been heard of ${since}: ${later}`];
}
