import { useMemo } from 'preact/hooks';
import type { Snapshot, StreamRow } from '../../src/overview/index.ts';
import { counted, grouped } from '../lib/format.ts';
import { placeHash } from '../lib/place.ts';
import { look } from '../lib/place-store.ts';
import { Empty, Notice, Part, View } from '../parts/frame.tsx';
import { type Column, DataTable } from '../parts/table.tsx';
import { Count, Lag, Rate, Span } from '../parts/value.tsx';

const NO_GROUP = 'it has no consumer group';
const RATE_UNKNOWN = 'known from Redis 7.0 on, and after a second look';

/** A lag to sort by: where only bounds are known, the lower one. */
const lagOf = (row: StreamRow): number | null => row.lag ?? row.lagAtLeast;

const whyNoGroup = (row: StreamRow): string =>
  row.groups.length === 0 ? NO_GROUP : 'not known for any of its groups';

const COLUMNS: Column<StreamRow>[] = [
  {
    key: 'stream',
    name: 'Stream',
    wide: 3,
    sort: (row) => row.stream,
    cell: (row) => (
      <a class="name clamp" title={row.stream} href={placeHash(['stream', row.stream])}>
        {row.stream || '(empty name)'}
      </a>
    ),
  },
  {
    key: 'groups',
    name: 'Groups',
    title: 'consumer groups',
    numeric: true,
    wide: 0.7,
    sort: (row) => row.groups.length,
    cell: (row) => <Count value={row.groups.length} />,
  },
  {
    key: 'length',
    name: 'Length',
    numeric: true,
    sort: (row) => row.length,
    cell: (row) => <Count value={row.length} />,
  },
  {
    key: 'in',
    name: 'In /s',
    title: 'entries added, by the second',
    numeric: true,
    sort: (row) => row.inPerSecond,
    cell: (row) => <Rate value={row.inPerSecond} why={RATE_UNKNOWN} />,
  },
  {
    key: 'out',
    name: 'Out /s',
    title: 'entries finished by the slowest of its groups, by the second',
    numeric: true,
    sort: (row) => row.outPerSecond,
    cell: (row) => <Rate value={row.outPerSecond} why={row.groups.length === 0 ? NO_GROUP : RATE_UNKNOWN} />,
  },
  {
    key: 'lag',
    name: 'Lag',
    title: 'entries that the slowest of its groups has not been given',
    numeric: true,
    sort: lagOf,
    cell: (row) => <Lag of={row} why={whyNoGroup(row)} />,
  },
  {
    key: 'pending',
    name: 'Pending',
    title: 'given to a consumer and not acknowledged, over all groups',
    numeric: true,
    sort: (row) => row.pending,
    cell: (row) => <Count value={row.pending} />,
  },
  {
    key: 'oldestPending',
    name: 'Oldest pending',
    title: 'age of the oldest entry that is not acknowledged',
    numeric: true,
    sort: (row) => row.oldestPendingAgeMs,
    cell: (row) => (
      <Span value={row.oldestPendingAgeMs} why={row.pending === 0 ? 'nothing is pending' : undefined} />
    ),
  },
  {
    key: 'oldest',
    name: 'Oldest entry',
    title: 'age of the first entry of the stream',
    numeric: true,
    sort: (row) => row.oldestAgeMs,
    cell: (row) => (
      <Span value={row.oldestAgeMs} why={row.length === 0 ? 'it is empty' : 'its id is no time'} />
    ),
  },
];

/** All streams: filtered by name, sorted, in pages. */
export function StreamsView({ snapshot, query }: { snapshot: Snapshot; query: Record<string, string> }) {
  const { streams, streamsLeftOut } = snapshot;
  const wanted = (query.q ?? '').toLowerCase();
  const rows = useMemo(
    () => (wanted === '' ? streams : streams.filter(({ stream }) => stream.toLowerCase().includes(wanted))),
    [streams, wanted],
  );
  return (
    <View title="Streams" aside={<Filter value={query.q ?? ''} shown={rows.length} all={streams.length} />}>
      <Part of={snapshot} part="streams" rows={streams.length}>
        {streamsLeftOut > 0 && (
          <Notice tone="info">
            {counted(streamsLeftOut, 'stream')} left out: beyond the limit of this look, or not readable for
            this user.
          </Notice>
        )}
        {streams.length === 0 && (
          <Empty title="No streams">
            A stream appears here with its first entry. To move a queue into one: <code>qctl drain</code>; to
            add one entry: <code>qctl stream add</code>.
          </Empty>
        )}
        {streams.length > 0 && rows.length === 0 && (
          <Empty title="No stream has that in its name">
            Clear the filter to see all {grouped(streams.length)}.
          </Empty>
        )}
        {rows.length > 0 && (
          <DataTable
            caption="Streams"
            rows={rows}
            columns={COLUMNS}
            nameOf={(row) => row.stream}
            initial="stream"
            look={query}
            onLook={({ sort, dir, page }) => look({ sort, dir, page })}
          />
        )}
      </Part>
    </View>
  );
}

function Filter({ value, shown, all }: { value: string; shown: number; all: number }) {
  return (
    <search class="filter">
      <label>
        <span class="hidden">Filter by name</span>
        <input
          type="search"
          placeholder="Filter by name"
          value={value}
          onInput={(event) => look({ q: event.currentTarget.value, page: undefined })}
        />
      </label>
      <span class="filter-count" role="status">
        {value === '' ? counted(all, 'stream') : `${grouped(shown)} of ${grouped(all)}`}
      </span>
    </search>
  );
}
