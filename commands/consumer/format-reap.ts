import { formatDuration } from '../../src/model/duration.ts';
import { plural } from '../../src/model/plural.ts';
import { shortList } from '../../src/model/short-list.ts';
import type { ClaimTarget, Consumer, ReapReport } from '../../src/streams/index.ts';
import type { Output } from '../term/io.ts';
import { grouped, timesText } from '../term/number.ts';
import { formatFields, formatTable } from '../term/table.ts';

/** What a reap would do. */
export interface ReapPlan {
  stream: string;
  group: string;
  minIdleMs: number;
  /** To be emptied and deleted. */
  dead: Consumer[];
  /** Seen too lately. */
  alive: string[];
  /** Null where nothing is pending with the dead. */
  to: ClaimTarget | null;
  maxDeliveries: number | null;
  deadLetterStream: string | null;
}

/** The plans as a person reads them. */
export function formatReapPlans(output: Output, plans: readonly ReapPlan[]): string {
  return plans.map((plan) => formatPlan(output, plan)).join('\n');
}

function formatPlan(output: Output, plan: ReapPlan): string {
  const { stream, group, minIdleMs, dead, alive, to, maxDeliveries, deadLetterStream } = plan;
  const fields: [string, string][] = [
    ['stream', stream],
    ['group', group],
    [
      'to delete',
      `${dead.length} ${plural(dead.length, 'consumer')} not seen for ${formatDuration(minIdleMs)} or longer`,
    ],
  ];
  if (alive.length > 0) fields.push(['alive', `${alive.length}: ${shortList(alive)}`]);
  if (to) fields.push(['entries go to', to.consumer]);
  if (to && deadLetterStream !== null)
    fields.push(['dead letters', `delivered ${timesText(maxDeliveries!)} or more, to ${deadLetterStream}`]);
  const list = dead.length === 0 ? '' : `\n${formatDead(output, dead)}`;
  return `${formatFields(output, fields)}${list}`;
}

function formatDead(output: Output, dead: readonly Consumer[]): string {
  return formatTable(
    output,
    [
      { head: 'CONSUMER', value: (row) => row.consumer, whole: true },
      { head: 'PENDING', value: (row) => grouped(row.pending), align: 'right' },
      { head: 'IDLE', value: (row) => formatDuration(row.idleMs), align: 'right' },
    ],
    dead,
  );
}

const OUTCOMES = {
  deleted: 'deleted',
  alive: 'left: it was seen lately',
  pending: 'left: it still has pending entries',
  gone: 'gone: somebody else deleted it',
  stopped: 'left: stopped before the end',
  failed: 'left: failed',
};

/** What became of each consumer; with the streams where there may be several. */
export function formatReapReports(
  output: Output,
  reports: readonly ReapReport[],
  withStream: boolean,
): string {
  if (reports.length === 0) return 'no consumer to delete\n';
  const stream = { head: 'STREAM', value: (row: ReapReport) => row.stream, whole: true };
  return formatTable(
    output,
    [
      ...(withStream ? [stream] : []),
      { head: 'CONSUMER', value: (row) => row.consumer, whole: true },
      { head: 'CLAIMED', value: (row) => grouped(row.claimed), align: 'right' },
      { head: 'FOR', value: (row) => row.to },
      { head: 'DEAD', value: (row) => grouped(row.deadLettered), align: 'right' },
      { head: 'REMOVED', value: (row) => grouped(row.removed), align: 'right' },
      { head: 'OUTCOME', value: (row) => OUTCOMES[row.outcome], wrap: true },
    ],
    reports,
  );
}
