import type { DeadLetterRow, Snapshot } from '../../src/overview/index.ts';
import { counted } from '../lib/format.ts';
import { placeHash } from '../lib/place.ts';
import { Empty, Part, View } from '../parts/frame.tsx';
import { type Column, DataTable } from '../parts/table.tsx';
import { Count, Rate, Span, Unknown } from '../parts/value.tsx';

const EMPTY = 'it is empty';

const COLUMNS: Column<DeadLetterRow>[] = [
  {
    key: 'stream',
    name: 'Dead-letter stream',
    wide: 3,
    sort: (row) => row.stream,
    cell: (row) => (
      <a class="name" href={placeHash(['dead-letters', row.stream])}>
        {row.stream}
      </a>
    ),
  },
  {
    key: 'of',
    name: 'Of',
    title: 'streams whose dead letters go there',
    wide: 3,
    sort: (row) => row.of.join(),
    cell: ({ of }) =>
      of.length === 0 ? (
        <Unknown why="no stream is known whose dead letters go there" />
      ) : (
        <Origins of={of} />
      ),
  },
  {
    key: 'length',
    name: 'Letters',
    numeric: true,
    sort: (row) => row.length,
    cell: (row) => <Count value={row.length} />,
  },
  {
    key: 'added',
    name: 'New /s',
    numeric: true,
    sort: (row) => row.addedPerSecond,
    cell: (row) => <Rate value={row.addedPerSecond} why="known from Redis 7.0 on, and after a second look" />,
  },
  {
    key: 'newest',
    name: 'Newest',
    title: 'since the newest died',
    numeric: true,
    sort: (row) => row.newestAgeMs,
    cell: (row) => <Span value={row.newestAgeMs} why={row.length === 0 ? EMPTY : undefined} />,
  },
  {
    key: 'oldest',
    name: 'Oldest',
    title: 'since the oldest died',
    numeric: true,
    sort: (row) => row.oldestAgeMs,
    cell: (row) => <Span value={row.oldestAgeMs} why={row.length === 0 ? EMPTY : undefined} />,
  },
];

function Origins({ of }: { of: string[] }) {
  return (
    <span class="names">
      {of.slice(0, 3).map((stream) => (
        <a key={stream} class="name" href={placeHash(['stream', stream])}>
          {stream}
        </a>
      ))}
      {of.length > 3 && <span class="dim">and {counted(of.length - 3, 'more', 'more')}</span>}
    </span>
  );
}

/** All dead-letter streams. */
export function DeadLettersView({ snapshot }: { snapshot: Snapshot }) {
  const { deadLetters } = snapshot;
  const all = deadLetters.reduce((sum, { length }) => sum + length, 0);
  return (
    <View title="Dead letters" aside={<span class="dim">{counted(all, 'letter')}</span>}>
      <Part of={snapshot} part="deadLetters" rows={deadLetters.length}>
        {deadLetters.length === 0 ? (
          <Empty title="No dead letters">
            What cannot be processed is put into a stream such as <code>orders:dead</code>, or the one that{' '}
            <code>streams.NAME.deadLetter</code> of qctl.yaml names. There is none.
          </Empty>
        ) : (
          <DataTable
            caption="Dead-letter streams"
            rows={deadLetters}
            columns={COLUMNS}
            nameOf={(row) => row.stream}
            initial="-length"
            toneOf={(row) => (row.addedPerSecond ? 'row-bad' : undefined)}
          />
        )}
      </Part>
    </View>
  );
}
