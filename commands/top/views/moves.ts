import type { MoveRow } from '../../../src/overview/index.ts';
import { grouped } from '../../term/number.ts';
import { ageColumn, countColumn, emptyText, since } from '../cells.ts';
import type { Scene } from '../scene.ts';
import { type Table, type TopColumn, tableOf } from '../table.ts';

/** Depth of each old queue against that of its stream. */
export function movesView({ snapshot }: Scene): Table {
  const columns: TopColumn<MoveRow>[] = [
    { head: 'SOURCE', rank: 0, text: ({ source }) => source, order: ({ source }) => source },
    { head: 'STREAM', rank: 3, text: ({ stream }) => stream, order: ({ stream }) => stream },
    { head: 'OLD', rank: 1, align: 'right', text: oldText, order: ({ oldDepth }) => oldDepth },
    countColumn({ head: 'OLD-IN-FLIGHT', short: 'FLIGHT', rank: 5 }, ({ oldInFlight }) => oldInFlight),
    countColumn({ head: 'NEW', rank: 2 }, ({ newDepth }) => newDepth),
    { head: 'SHARE', rank: 4, least: 10, most: 40, text: shareBar },
    { head: 'KIND', rank: 7, text: ({ kind }) => kind, order: ({ kind }) => kind },
    ageColumn({ head: 'COUNTED', rank: 6 }, ({ oldAt }) => since(oldAt, snapshot)),
    { head: 'WHY', rank: 3, least: 14, optional: true, text: ({ why }) => why, paint: () => 'yellow' },
  ];
  return tableOf({
    columns,
    rows: snapshot.moves,
    key: ({ source, stream }) => `${source} ${stream}`,
    open: ({ source, stream }) => ({ kind: 'move', source, stream }),
    empty: emptyText(snapshot, ['moves'], 'no source of the configuration goes to a stream'),
  });
}

/** What SQS says of a queue is about right. */
export function oldText({ oldDepth, oldApproximate }: MoveRow): string | null {
  return oldDepth === null ? null : `${oldApproximate ? '~' : ''}${grouped(oldDepth)}`;
}

/** How the messages that wait are shared: those in the old queue at the left. */
function shareBar({ oldDepth, newDepth }: MoveRow, width: number): string | null {
  if (oldDepth === null || newDepth === null || width === 0) return null;
  const all = oldDepth + newDepth;
  if (all === 0) return '·'.repeat(width);
  const old = Math.round((oldDepth / all) * width);
  return '█'.repeat(old) + '░'.repeat(width - old);
}
