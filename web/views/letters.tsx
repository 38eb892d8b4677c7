import type { OpenedLetter, Snapshot } from '../../src/overview/index.ts';
import { grouped } from '../lib/format.ts';
import { encoded, placeHash } from '../lib/place.ts';
import { go } from '../lib/place-store.ts';
import { useRest } from '../live/rest.ts';
import { Empty, Notice, View } from '../parts/frame.tsx';
import { type Column, DataTable } from '../parts/table.tsx';
import { Count, Time, Unknown } from '../parts/value.tsx';
import { LetterDialog } from './letter-dialog.tsx';

/** Newest letters of a dead-letter stream, with their reasons; one of them opened where the address names it. */
export function LettersView({
  snapshot,
  stream,
  id,
}: {
  snapshot: Snapshot;
  stream: string;
  id: string | null;
}) {
  const row = snapshot.deadLetters.find((one) => one.stream === stream);
  const { data, error } = useRest<{ letters: OpenedLetter[] }>(`api/dlq?stream=${encoded(stream)}`, 5000);
  const letters = data?.letters ?? [];
  const close = (): void => go(['dead-letters', stream]);
  return (
    <View
      title={stream}
      above={<a href={placeHash(['dead-letters'])}>Dead letters</a>}
      aside={
        row && (
          <span class="dim">
            the newest {grouped(letters.length)} of {grouped(row.length)}
          </span>
        )
      }
    >
      {error && <Notice tone="bad">{error}</Notice>}
      {data && letters.length === 0 && (
        <Empty title="No dead letters here">It is empty: nothing has failed for good.</Empty>
      )}
      {letters.length > 0 && (
        <>
          <DataTable
            caption={`Dead letters of ${stream}`}
            rows={letters}
            columns={columnsOf(stream)}
            nameOf={(letter) => letter.id}
            initial="-died"
          />
          <p class="dim hint">
            To put them back: <code>qctl dlq replay</code>. To keep them in a file:{' '}
            <code>qctl dlq export</code>.
          </p>
        </>
      )}
      {id !== null && <LetterDialog stream={stream} id={id} close={close} />}
    </View>
  );
}

function columnsOf(stream: string): Column<OpenedLetter>[] {
  return [
    {
      key: 'id',
      name: 'Letter',
      wide: 2,
      sort: (row) => row.id,
      cell: (row) => (
        <a class="name mono" href={placeHash(['dead-letters', stream, row.id])}>
          {row.id}
        </a>
      ),
    },
    {
      key: 'reason',
      name: 'Reason',
      wide: 3,
      sort: (row) => row.reason,
      cell: ({ reason }) =>
        reason === null ? <Unknown why="none was given" /> : <span class="clamp">{reason}</span>,
    },
    {
      key: 'died',
      name: 'Died',
      wide: 1.4,
      sort: (row) => row.diedAt,
      cell: (row) => <Time at={row.diedAt} />,
    },
    {
      key: 'deliveries',
      name: 'Deliveries',
      numeric: true,
      sort: (row) => row.deliveries,
      cell: (row) => <Count value={row.deliveries} why="nobody has recorded it" />,
    },
    {
      key: 'fields',
      name: 'Message',
      wide: 3,
      cell: (row) => <span class="clamp mono dim">{preview(row)}</span>,
    },
  ];
}

const PREVIEW = 160;

function preview({ fields, base64 }: OpenedLetter): string {
  const texts = Object.entries(fields).map(([name, value]) =>
    base64.includes(name) ? `${name}: (binary)` : `${name}: ${value.slice(0, PREVIEW)}`,
  );
  return texts.join('  ').slice(0, PREVIEW);
}
