import { formatBytes } from '../../../src/model/bytes.ts';
import type { StreamRow } from '../../../src/overview/index.ts';
import { rateText } from '../../load/words.ts';
import { lagText } from '../../streams.ts';
import { ageColumn, countColumn, emptyText, trendText } from '../cells.ts';
import type { Scene } from '../scene.ts';
import { type Table, type TopColumn, tableOf } from '../table.ts';

/** The streams: how full, how fast, how far behind. */
export function streamsView(scene: Scene): Table {
  const { streams } = scene.snapshot;
  return tableOf({
    columns: columnsOf(scene),
    rows: streams,
    key: ({ stream }) => stream,
    open: ({ stream }) => ({ kind: 'stream', stream }),
    empty: emptyText(scene.snapshot, ['streams'], 'there are no streams'),
  });
}

function columnsOf({ streamHistory }: Scene): TopColumn<StreamRow>[] {
  const trend = (head: string, rank: number, name: string): TopColumn<StreamRow> => ({
    ...{ head, rank, least: 12, most: 60, optional: true },
    text: ({ stream }, width) => trendText(streamHistory(stream), name, width),
    paint: () => 'cyan',
  });
  return [
    { head: 'STREAM', rank: 0, least: 28, text: ({ stream }) => stream, order: ({ stream }) => stream },
    countColumn({ head: 'LENGTH', rank: 3 }, ({ length }) => length),
    rate('IN', 4, ({ inPerSecond }) => inPerSecond),
    rate('OUT', 5, ({ outPerSecond }) => outPerSecond),
    {
      head: 'LAG',
      rank: 1,
      align: 'right',
      text: lagText,
      order: ({ lag, lagAtLeast }) => lag ?? lagAtLeast,
    },
    countColumn({ head: 'PENDING', rank: 2 }, ({ pending }) => pending),
    ageColumn({ head: 'OLDEST-PENDING', short: 'OLDEST', rank: 6 }, (row) => row.oldestPendingAgeMs),
    trend('IN-TREND', 7, 'inPerSecond'),
    trend('LAG-TREND', 9, 'lag'),
    countColumn({ head: 'GROUPS', rank: 8 }, ({ groups }) => groups.length),
    ageColumn({ head: 'LAST-AGE', rank: 10 }, ({ lastAddedAgeMs }) => lastAddedAgeMs),
    ageColumn({ head: 'FIRST-AGE', rank: 11 }, ({ oldestAgeMs }) => oldestAgeMs),
    countColumn({ head: 'WAITING', rank: 6, optional: true }, ({ waiting }) => waiting || null),
    MEMORY,
  ];
}

const MEMORY: TopColumn<StreamRow> = {
  ...{ head: 'MEMORY', rank: 12, align: 'right', optional: true },
  text: ({ memoryBytes }) => (memoryBytes === null ? null : formatBytes(memoryBytes)),
  order: ({ memoryBytes }) => memoryBytes,
};

function rate(head: string, rank: number, value: (row: StreamRow) => number | null): TopColumn<StreamRow> {
  return { head, rank, align: 'right', text: (row) => rateText(value(row)), order: value };
}
