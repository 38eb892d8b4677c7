import { streamKeys } from '../../src/model/keys.ts';
import { dueText, serverTimeMs, waitingFor } from '../../src/streams/index.ts';
import { askRedis } from '../ask-redis.ts';
import type { Context } from '../context.ts';
import { patientWork } from '../stream-work.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { renderResult } from '../term/render.ts';
import { formatTable } from '../term/table.ts';
import { type BreakerWork, maintainBreakers, warningOf } from './breakers.ts';
import { breakerWorkToJson, formatBreakerWork } from './format-breakers.ts';
import { maintainedStreams } from './streams.ts';

interface PlanRow {
  task: 'scheduled';
  stream: string;
  waiting: number;
  due: number;
  nextDueAt: string | null;
}

/** Shows what waits, and changes nothing. */
export async function planScheduled(context: Context, named: string | undefined): Promise<void> {
  const { io, options } = context;
  const redis = await context.redis();
  const streams = await maintainedStreams(context, patientWork(context), named);
  const nowMs = await serverTimeMs(redis);
  const rows: PlanRow[] = [];
  for (const stream of streams) {
    const { waiting, nextDueMs } = await waitingFor(redis, stream);
    const due = await askRedis(redis, `look at what waits for stream ${stream}`, () =>
      redis.client.zcount(streamKeys(stream).delayed, '-inf', nowMs),
    );
    rows.push({ task: 'scheduled', stream, waiting, due, nextDueAt: dueText(nextDueMs) });
  }
  const breakers = named === undefined ? await maintainBreakers(context) : [];
  await renderResult(io, options, {
    type: 'maintain-plan',
    data: [...rows, ...breakers.map(breakerWorkToJson)],
    table: () => tablesOf(io.stdout, rows, breakers),
  });
  if (!options.quiet) for (const work of breakers) io.stderr.write(warningOf(work) ?? '');
}

function tablesOf(output: Output, rows: readonly PlanRow[], breakers: readonly BreakerWork[]): string {
  const parts = rows.length === 0 ? [] : [formatPlan(output, rows)];
  if (breakers.length > 0) parts.push(formatBreakerWork(output, breakers));
  return parts.join('\n');
}

function formatPlan(output: Output, rows: readonly PlanRow[]): string {
  return formatTable(
    output,
    [
      { head: 'STREAM', value: (row) => row.stream, whole: true },
      { head: 'WAITING', value: (row) => grouped(row.waiting), align: 'right' },
      { head: 'DUE', value: (row) => grouped(row.due), align: 'right' },
      { head: 'NEXT-DUE', value: (row) => row.nextDueAt, whole: true },
    ],
    rows,
  );
}
