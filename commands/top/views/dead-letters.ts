import type { DeadLetterRow } from '../../../src/overview/index.ts';
import { rateText } from '../../load/words.ts';
import { ageColumn, countColumn, emptyText } from '../cells.ts';
import type { Scene } from '../scene.ts';
import { type Table, type TopColumn, tableOf } from '../table.ts';

const COLUMNS: TopColumn<DeadLetterRow>[] = [
  { head: 'STREAM', rank: 0, least: 28, text: ({ stream }) => stream, order: ({ stream }) => stream },
  countColumn(
    { head: 'ENTRIES', rank: 1, paint: ({ length }) => (length > 0 ? 'yellow' : undefined) },
    (row) => row.length,
  ),
  {
    ...{ head: 'ADDED', rank: 3, align: 'right' },
    text: ({ addedPerSecond }) => rateText(addedPerSecond),
    order: ({ addedPerSecond }) => addedPerSecond,
    paint: ({ addedPerSecond }) => (addedPerSecond ? 'red' : undefined),
  },
  ageColumn({ head: 'NEWEST', rank: 2 }, ({ newestAgeMs }) => newestAgeMs),
  ageColumn({ head: 'OLDEST', rank: 4 }, ({ oldestAgeMs }) => oldestAgeMs),
  { head: 'OF', rank: 5, text: ({ of }) => of.join(', '), order: ({ of }) => of.join(', ') },
];

/** The dead-letter streams. */
export function deadLettersView({ snapshot }: Scene): Table {
  return tableOf({
    columns: COLUMNS,
    rows: snapshot.deadLetters,
    key: ({ stream }) => stream,
    open: ({ stream }) => ({ kind: 'letters', stream }),
    empty: emptyText(snapshot, ['deadLetters'], 'there are no dead-letter streams'),
  });
}
