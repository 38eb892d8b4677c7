import type { Snapshot } from '../../src/overview/index.ts';
import { counted, formatBytes, formatDuration, grouped } from '../lib/format.ts';
import { placeHash } from '../lib/place.ts';
import { breakerBadge, CUTOVER_ENDS, isHeld, isStopped, words } from '../lib/states.ts';

/** Something that somebody should look at, and where it stands. */
export interface Attention {
  key: string;
  tone: 'bad' | 'warn';
  text: string;
  more: string;
  href: string;
}

/** A pending entry that is older is worth a look. */
const OLD_MS = 300_000;
const FULL = 0.9;
const MOST_OF_A_KIND = 4;

/** Whatever is not as it should be, the worst first. */
export function attentionOf(snapshot: Snapshot): Attention[] {
  const kinds = [breakers, cutovers, drains, server, deadLetters, oldPending];
  const all = kinds.flatMap((find) => shortened(find(snapshot)));
  return [...all.filter(({ tone }) => tone === 'bad'), ...all.filter(({ tone }) => tone === 'warn')];
}

/** Of many of one kind the first stand for all: the rest is in its view. */
function shortened(found: Attention[]): Attention[] {
  const more = found.length - MOST_OF_A_KIND;
  if (more <= 0) return found;
  const { key, tone, href } = found[0]!;
  const [, view = ''] = href.split('/');
  const rest = {
    key: `more ${key}`,
    tone,
    text: `and ${grouped(more)} more`,
    more: '',
    href: `#/${VIEWS[view] ?? view}`,
  };
  return [...found.slice(0, MOST_OF_A_KIND), rest];
}

const VIEWS: Record<string, string> = { stream: 'streams' };

function breakers({ breakers: rows }: Snapshot): Attention[] {
  return rows
    .filter(({ verdict, override }) => verdict !== 'pass' || override !== null)
    .map((row) => ({
      key: `breaker ${row.breaker}`,
      tone: row.verdict === 'reject' ? 'bad' : 'warn',
      text: `Breaker ${row.breaker} is ${breakerBadge(row).text}`,
      more: row.override ? `by ${row.override.by}: ${row.override.reason}` : (row.why ?? ''),
      href: placeHash(['breakers']),
    }));
}

function cutovers({ cutovers: rows }: Snapshot): Attention[] {
  return rows
    .filter(
      ({ state, alive }) =>
        state === 'rollbackFailed' || (!CUTOVER_ENDS.has(state) && (state !== 'running' || !alive)),
    )
    .map(({ run, plan, state, alive, waitingFor, why }) => ({
      key: `cutover ${run}`,
      tone: state === 'rollbackFailed' || !alive ? 'bad' : 'warn',
      text: `Cutover ${plan} ${alive || state === 'rollbackFailed' ? `is ${words(state)}` : 'has no process at work'}`,
      more: waitingFor ?? why ?? '',
      href: placeHash(['cutovers']),
    }));
}

function drains({ runs }: Snapshot): Attention[] {
  return runs
    .filter((run) => isHeld(run) || isStopped(run))
    .map((run) => ({
      key: `drain ${run.run}`,
      tone: isStopped(run) ? 'bad' : 'warn',
      text: `Drain ${run.run} is ${run.state}`,
      more: run.paused
        ? `by ${run.paused.by}: ${run.paused.reason ?? 'no reason given'}`
        : (run.brakes[0]?.reason ?? run.waits[0] ?? (isStopped(run) ? 'no process is at work on it' : '')),
      href: placeHash(['drains']),
    }));
}

function server({ redis }: Snapshot): Attention[] {
  const { usedMemoryBytes: used, maxMemoryBytes: most, lastSave } = redis;
  const found: Attention[] = [];
  const href = placeHash(['overview']);
  if (used !== null && most !== null && used > most * FULL) {
    const more = `${formatBytes(used)} of ${formatBytes(most)}, policy ${redis.maxMemoryPolicy ?? 'not known'}`;
    found.push({ key: 'memory', tone: 'bad', text: 'Redis is nearly full', more, href });
  }
  if (lastSave === 'failed')
    found.push({
      key: 'save',
      tone: 'bad',
      text: 'Redis could not write to disk',
      more: 'its last save has failed',
      href,
    });
  return found;
}

function deadLetters({ deadLetters: rows }: Snapshot): Attention[] {
  return rows
    .filter(({ length }) => length > 0)
    .sort((a, b) => b.length - a.length)
    .map(({ stream, length, addedPerSecond, newestAgeMs }) => ({
      key: `letters ${stream}`,
      tone: addedPerSecond ? 'bad' : 'warn',
      text: `${counted(length, 'dead letter')} in ${stream}`,
      more: newestAgeMs === null ? '' : `the newest ${formatDuration(newestAgeMs)} ago`,
      href: placeHash(['dead-letters', stream]),
    }));
}

function oldPending({ streams }: Snapshot): Attention[] {
  return streams
    .filter(({ oldestPendingAgeMs: age }) => age !== null && age > OLD_MS)
    .sort((a, b) => b.oldestPendingAgeMs! - a.oldestPendingAgeMs!)
    .map(({ stream, pending, oldestPendingAgeMs }) => ({
      key: `pending ${stream}`,
      tone: 'warn',
      text: `${counted(pending, 'entry', 'entries')} pending in ${stream}`,
      more: `the oldest for ${formatDuration(oldestPendingAgeMs!)}`,
      href: placeHash(['stream', stream]),
    }));
}
