import type { RunStatus } from '../../src/drain/index.ts';
import { formatBytes } from '../../src/model/bytes.ts';
import { formatDuration } from '../../src/model/duration.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { type CellValue, formatFields } from '../term/table.ts';
import { inWordsOfBack } from './format-back.ts';
import { heldText, rowsOf } from './format-plan.ts';
import { scheduled } from './format-report.ts';

/** One look at a run, as fields. */
export function formatStatus(output: Output, status: RunStatus): string {
  const rows: (readonly [string, CellValue])[] = [
    ['run', status.run],
    ['state', status.state],
    ['mode', status.mode],
    ['source', status.source],
    [
      'target',
      `${status.target} stream ${status.stream}${status.partitions > 1 ? ` in ${status.partitions} partitions` : ''}`,
    ],
    ['read', grouped(status.read)],
    ['appended', `${grouped(status.appended)} (${formatBytes(status.payloadBytes)})`],
    ...scheduled(status),
    ...(status.nextDueAt === null ? [] : [['next due', status.nextDueAt] as const]),
    ['duplicates suppressed', grouped(status.duplicatesSuppressed)],
    ['settled', status.mode === 'copy' ? 'not asked for: copy mode' : grouped(status.settled)],
    ['open', grouped(status.open)],
    ...rowsOf(liveRows(status)),
    ['quarantined', grouped(status.quarantined)],
    ...(status.reappended > 0
      ? [['appended again', `${grouped(status.reappended)} that the target had lost`] as const]
      : []),
    ...(status.unevaluated
      ? [
          [
            'not evaluated',
            `${grouped(status.unevaluated.count)}, such as ${status.unevaluated.example}: left out by the filter`,
          ] as const,
        ]
      : []),
    ['started', `${status.createdAt} by ${status.startedBy}`],
    ['finished', status.finishedAt],
    ['last seen', status.lastSeenAt],
    ...rowsOf([
      ['expires', status.expiresAt],
      ['takes', status.enqueuedBefore && `what was enqueued before ${status.enqueuedBefore}`],
      ['paused', status.paused && heldText(status.paused)],
    ]),
    ...status.brakes.map(
      ({ brake, reason, since }) => ['braked', `${brake}: ${reason} (since ${since})`] as const,
    ),
    ...status.waits.map((wait) => ['waits for', wait] as const),
    ...status.overrides.map(
      (one) => ['set for the run', `${one.setting}=${one.value} ${heldText(one)}`] as const,
    ),
    ['time at work', formatDuration(status.activeMs)],
    ...status.processesAlive.map(
      (info) => ['at work', `pid ${info.pid} on ${info.host} since ${info.since}`] as const,
    ),
  ];
  return formatFields(output, status.mode === 'back' ? inWordsOfBack(rows) : rows);
}

function rateText({ ratePerSecond, etaMs }: RunStatus): string | null {
  if (ratePerSecond === null) return null;
  return `${grouped(ratePerSecond)}/s${etaMs ? `, ETA ${formatDuration(etaMs)}` : ''}`;
}

function liveRows({ processes, remaining, ...status }: RunStatus): [string, string | null][] {
  if (processes === 0) return [];
  return [
    ['remaining', remaining === null ? 'unknown' : grouped(remaining)],
    ['rate', rateText({ processes, remaining, ...status })],
  ];
}
