import type { RunStatus } from '../../src/drain/index.ts';
import { formatBytes } from '../../src/model/bytes.ts';
import { formatDuration } from '../../src/model/duration.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { type CellValue, formatFields } from '../term/table.ts';
import { inWordsOfBack } from './format-back.ts';
import { heldText, rowsOf } from './format-plan.ts';
import { scheduled } from './format-report.ts';

type Rows = (readonly [string, CellValue])[];

/** One look at a run, as fields. */
export function formatStatus(output: Output, status: RunStatus): string {
  const rows: Rows = [
    ['run', status.run],
    ['state', status.state],
    ['mode', status.mode],
    ['source', status.source],
    [
      'target',
      `${status.target} stream ${status.stream}${status.partitions > 1 ? ` in ${status.partitions} partitions` : ''}`,
    ],
    ...countRows(status),
    ['started', `${status.createdAt} by ${status.startedBy}`],
    ['finished', status.finishedAt],
    ['last seen', status.lastSeenAt],
    ...orderRows(status),
    ['time at work', formatDuration(status.activeMs)],
    ...status.processesAlive.map(
      (info) => ['at work', `pid ${info.pid} on ${info.host} since ${info.since}`] as const,
    ),
  ];
  return formatFields(output, status.mode === 'back' ? inWordsOfBack(rows) : rows);
}

function countRows(status: RunStatus): Rows {
  const { unevaluated } = status;
  return [
    ['read', grouped(status.read)],
    ['appended', `${grouped(status.appended)} (${formatBytes(status.payloadBytes)})`],
    ...scheduled(status),
    ...rowsOf([['next due', status.nextDueAt]]),
    ['duplicates suppressed', grouped(status.duplicatesSuppressed)],
    ['settled', status.mode === 'copy' ? 'not asked for: copy mode' : grouped(status.settled)],
    ['open', grouped(status.open)],
    ...rowsOf(liveRows(status)),
    ['quarantined', grouped(status.quarantined)],
    ...rowsOf([
      [
        'appended again',
        status.reappended > 0 ? `${grouped(status.reappended)} that the target had lost` : null,
      ],
      [
        'not evaluated',
        unevaluated &&
          `${grouped(unevaluated.count)}, such as ${unevaluated.example}: left out by the filter`,
      ],
    ]),
  ];
}

/** What it was told to do, what holds it, and what it waits for. */
function orderRows(status: RunStatus): Rows {
  return [
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
  ];
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
