import type { GroupRow } from '../../src/overview/index.ts';
import type { StreamDetail } from '../../src/streams/index.ts';
import { counted } from '../lib/format.ts';
import { placeHash } from '../lib/place.ts';
import { type Column, DataTable } from '../parts/table.tsx';
import { Badge, Count, Facts, Lag, Rate, Span, type Tone } from '../parts/value.tsx';

type Group = StreamDetail['groups'][number];
type Member = Group['members'][number];

const HOW: Record<GroupRow['lagHow'], string> = {
  position: 'known from its position',
  reported: 'as Redis reports it',
  counted: 'counted',
  bound: 'not known exactly',
};

const VERDICTS: Record<Member['verdict'], Tone> = { active: 'good', idle: 'plain', stuck: 'bad' };

/** Consumers of a group, as a table that can be sorted. */
export const MEMBER_COLUMNS: Column<Member>[] = [
  {
    key: 'consumer',
    name: 'Consumer',
    wide: 3,
    sort: (row) => row.consumer,
    cell: (row) => <span class="name">{row.consumer}</span>,
  },
  {
    key: 'verdict',
    name: 'State',
    sort: (row) => row.verdict,
    cell: ({ verdict }) => <Badge tone={VERDICTS[verdict]}>{verdict}</Badge>,
  },
  {
    key: 'pending',
    name: 'Pending',
    numeric: true,
    sort: (row) => row.pending,
    cell: (row) => <Count value={row.pending} />,
  },
  {
    key: 'oldest',
    name: 'Oldest pending',
    numeric: true,
    sort: (row) => row.oldestPendingAgeMs,
    cell: (row) => (
      <Span
        value={row.oldestPendingAgeMs}
        why={row.pending === 0 ? 'nothing is pending' : 'its id is no time'}
      />
    ),
  },
  {
    key: 'idle',
    name: 'Idle',
    title: 'since it last asked for entries',
    numeric: true,
    sort: (row) => row.idleMs,
    cell: (row) => <Span value={row.idleMs} />,
  },
  {
    key: 'inactive',
    name: 'Inactive',
    title: 'since it last got an entry',
    numeric: true,
    sort: (row) => row.inactiveMs,
    cell: (row) => <Span value={row.inactiveMs} why="known from Redis 7.2 on, and where it ever got one" />,
  },
];

/** One group: live numbers, and its consumers. */
export function GroupCard({ stream, group, detail }: { stream: string; group: GroupRow; detail?: Group }) {
  return (
    <section class="group">
      <header class="card-head">
        <h3>
          <a class="name" href={placeHash(['stream', stream, group.group])}>
            {group.group}
          </a>
        </h3>
        <span class="dim">{counted(group.consumers, 'consumer')}</span>
      </header>
      <Facts
        of={[
          [
            'Lag',
            <>
              <Lag of={group} /> <span class="dim">{HOW[group.lagHow]}</span>
            </>,
          ],
          [
            'Pending',
            <a href={placeHash(['stream', stream, group.group])}>
              <Count value={group.pending} />
              <span class="hidden"> pending entries</span>
            </a>,
          ],
          ['Oldest pending', <Span value={group.oldestPendingAgeMs} why="nothing is pending" />],
          ['Behind by', <Span value={group.oldestUndeliveredAgeMs} why="it has been given everything" />],
          ['Given /s', <Rate value={group.deliveredPerSecond} why="after a second look" />],
          ['Finished /s', <Rate value={group.finishedPerSecond} why="after a second look" />],
        ]}
      />
      {detail && detail.members.length > 0 && (
        <DataTable
          caption={`Consumers of ${group.group}`}
          rows={detail.members}
          columns={MEMBER_COLUMNS}
          nameOf={(row) => row.consumer}
          initial="consumer"
          toneOf={(row) => (row.verdict === 'stuck' ? 'row-bad' : undefined)}
        />
      )}
      {detail && detail.members.length === 0 && (
        <p class="dim">No consumer has read through this group yet.</p>
      )}
    </section>
  );
}
