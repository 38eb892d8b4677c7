import type { Snapshot, StageRow } from '../../src/overview/index.ts';
import { formatDuration, percentText } from '../lib/format.ts';
import { placeHash } from '../lib/place.ts';
import { quantileOf } from '../lib/quantile.ts';
import { Empty, Part, View } from '../parts/frame.tsx';
import { type Column, DataTable } from '../parts/table.tsx';
import { Badge, Count, Span, Unknown } from '../parts/value.tsx';

const nameOf = ({ stream, group, stage, engine }: StageRow): string =>
  JSON.stringify([stream, group, stage, engine]);
const NOTHING = 'nothing was recorded';
const meanOf = ({ finished, sumMs }: StageRow): number | null => (finished === 0 ? null : sumMs / finished);
const failedOf = ({ finished, failed }: StageRow): number | null =>
  finished + failed === 0 ? null : failed / (finished + failed);

const quantileColumn = (key: string, share: number): Column<StageRow> => ({
  key,
  name: key,
  title: 'about: from the bounds of its histogram',
  numeric: true,
  sort: ({ buckets }) => {
    const found = quantileOf(buckets, share);
    return found && (found.ms ?? found.fromMs);
  },
  cell: ({ buckets }) => {
    const found = quantileOf(buckets, share);
    if (!found) return <Unknown why={NOTHING} />;
    const { ms, fromMs, toMs } = found;
    if (ms === null) return <span title="beyond the greatest bound">{`≥${formatDuration(fromMs)}`}</span>;
    return (
      <span
        title={`from ${formatDuration(fromMs)} to ${formatDuration(toMs!)}`}
      >{`~${formatDuration(ms)}`}</span>
    );
  },
});

const COLUMNS: Column<StageRow>[] = [
  {
    key: 'stage',
    name: 'Stage',
    wide: 2,
    sort: ({ stage, stream, group, engine }) => [stage, stream, group, engine ?? ''].join('\u0000'),
    cell: ({ stage, stream, group }) => (
      <>
        <span class="name">{stage}</span>
        <span class="under">
          <a href={placeHash(['stream', stream, group])}>
            {stream} · {group}
          </a>
        </span>
      </>
    ),
  },
  {
    key: 'engine',
    name: 'Engine',
    sort: (row) => row.engine,
    cell: ({ engine }) =>
      engine === null ? (
        <Unknown why="the consumers do not say" />
      ) : (
        <Badge tone={engine === 'new' ? 'info' : 'plain'}>{engine}</Badge>
      ),
  },
  {
    key: 'finished',
    name: 'Finished',
    numeric: true,
    sort: (row) => row.finished,
    cell: (row) => <Count value={row.finished} />,
  },
  {
    key: 'failed',
    name: 'Failed',
    numeric: true,
    sort: failedOf,
    cell: (row) => {
      const share = failedOf(row);
      return share === null ? (
        <Unknown why={NOTHING} />
      ) : (
        <span class={share > 0.01 ? 'bad-text' : undefined}>{percentText(share)}</span>
      );
    },
  },
  {
    key: 'retried',
    name: 'Retried',
    numeric: true,
    sort: (row) => row.retried,
    cell: (row) => <Count value={row.retried} />,
  },
  {
    key: 'mean',
    name: 'Mean',
    numeric: true,
    sort: meanOf,
    cell: (row) => <Span value={meanOf(row)} why={NOTHING} />,
  },
  quantileColumn('p50', 0.5),
  quantileColumn('p95', 0.95),
  quantileColumn('p99', 0.99),
];

/** What consumers have recorded of their work, by stage and engine: old and new stand under each other. */
export function ProcessingView({ snapshot }: { snapshot: Snapshot }) {
  const { stages } = snapshot;
  return (
    <View title="Processing" aside={<span class="dim">since the consumers began to record</span>}>
      <Part of={snapshot} part="stages" rows={stages.length}>
        {stages.length === 0 ? (
          <Empty title="No consumer records its work">
            Consumers that record how long each stage takes, and with which engine, are compared here. How
            they do so stands in the docs, under metrics.
          </Empty>
        ) : (
          <DataTable
            caption="Stages of processing"
            rows={stages}
            columns={COLUMNS}
            nameOf={nameOf}
            initial="stage"
            toneOf={(row) => ((failedOf(row) ?? 0) > 0.01 ? 'row-bad' : undefined)}
          />
        )}
      </Part>
    </View>
  );
}
