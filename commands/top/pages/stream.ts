import type { GroupRow, StageRow, StreamRow } from '../../../src/overview/index.ts';
import { latencyText, rateText } from '../../load/words.ts';
import { formatInfo } from '../../stream/format-info.ts';
import { lagText } from '../../streams.ts';
import { colourOf } from '../../term/colour.ts';
import { grouped } from '../../term/number.ts';
import { type CellValue, type Column, formatFields, formatTable } from '../../term/table.ts';
import { printable } from '../../term/text.ts';
import { trendText } from '../cells.ts';
import type { Detail, Scene } from '../scene.ts';
import { type Text, textOf } from '../table.ts';

/** A stream with its rates, its groups, what their consumers have recorded, and all that `stream info` says. */
export function streamPage(scene: Scene, stream: string, detail: Detail | undefined): Text {
  const { output, snapshot } = scene;
  const row = snapshot.streams.find((one) => one.stream === stream);
  const stages = snapshot.stages.filter((one) => one.stream === stream);
  const parts = [
    ...(row ? [formatFields(output, flowLines(scene, row))] : []),
    ...(row && row.groups.length > 0 ? [formatTable(output, GROUP_COLUMNS, row.groups)] : []),
    ...(stages.length > 0 ? [formatTable(output, STAGE_COLUMNS, stages)] : []),
    ...(detail?.why === undefined ? [] : [colourOf(output).red(printable(detail.why))]),
    ...(detail === undefined ? ['looking …'] : []),
    ...(detail?.streams ?? []).map((one) => formatInfo(output, one)),
  ];
  return textOf(parts.map((part) => part.trimEnd()).join('\n\n'));
}

const TREND_NAME_WIDTH = 24;
const MOST_TREND = 100;

function flowLines({ streamHistory, output }: Scene, row: StreamRow): [string, CellValue][] {
  const room = Math.min(MOST_TREND, output.columns - TREND_NAME_WIDTH);
  const course = (name: string, value: string | null): CellValue => {
    const trend = room < 8 ? null : trendText(streamHistory(row.stream), name, room);
    return trend === null ? value : `${(value ?? '-').padEnd(10)}  ${trend.trimStart()}`;
  };
  return [
    ['in', course('inPerSecond', rateText(row.inPerSecond))],
    ['out', course('outPerSecond', rateText(row.outPerSecond))],
    ['lag', course('lag', lagText(row))],
    ['pending', course('pending', grouped(row.pending))],
  ];
}

const GROUP_COLUMNS: readonly Column<GroupRow>[] = [
  { head: 'GROUP', value: ({ group }) => group, whole: true },
  { head: 'LAG', value: lagText, align: 'right' },
  { head: 'PENDING', value: ({ pending }) => grouped(pending), align: 'right' },
  { head: 'GIVEN', value: ({ deliveredPerSecond }) => rateText(deliveredPerSecond), align: 'right' },
  { head: 'FINISHED', value: ({ finishedPerSecond }) => rateText(finishedPerSecond), align: 'right' },
  { head: 'CONSUMERS', value: ({ consumers }) => grouped(consumers), align: 'right' },
];

/** Means: since consumers began to record. */
const STAGE_COLUMNS: readonly Column<StageRow>[] = [
  { head: 'STAGE', value: ({ stage }) => stage },
  { head: 'GROUP', value: ({ group }) => group },
  { head: 'ENGINE', value: ({ engine }) => engine },
  { head: 'FINISHED', value: ({ finished }) => grouped(finished), align: 'right' },
  { head: 'FAILED', value: ({ failed }) => grouped(failed), align: 'right' },
  { head: 'RETRIED', value: ({ retried }) => grouped(retried), align: 'right' },
  {
    head: 'MEAN',
    value: ({ sumMs, finished }) => (finished === 0 ? null : latencyText(sumMs / finished)),
    align: 'right',
  },
];
