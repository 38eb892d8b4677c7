import type { Snapshot } from '../../src/overview/index.ts';
import type { PendingReport } from '../../src/streams/index.ts';
import { counted, formatBytes, formatDuration, grouped } from '../lib/format.ts';
import { encoded, placeHash } from '../lib/place.ts';
import { useRest } from '../live/rest.ts';
import { Empty, Notice, Section, View } from '../parts/frame.tsx';
import { type Column, DataTable } from '../parts/table.tsx';
import { Badge, Count, Facts, Lag, Meter, Rate, Span, Unknown } from '../parts/value.tsx';

type Entry = PendingReport['entries'][number];

const COLUMNS: Column<Entry>[] = [
  {
    key: 'id',
    name: 'Entry',
    wide: 2,
    sort: (row) => row.id,
    cell: (row) => <code class="name">{row.id}</code>,
  },
  {
    key: 'consumer',
    name: 'Consumer',
    wide: 2,
    sort: (row) => row.consumer,
    cell: (row) => <span class="name">{row.consumer}</span>,
  },
  {
    key: 'idle',
    name: 'Idle',
    title: 'since its last delivery',
    numeric: true,
    sort: (row) => row.idleMs,
    cell: (row) => <Span value={row.idleMs} />,
  },
  {
    key: 'age',
    name: 'Age',
    numeric: true,
    sort: (row) => row.ageMs,
    cell: (row) => <Span value={row.ageMs} why="its id is no time" />,
  },
  {
    key: 'deliveries',
    name: 'Deliveries',
    numeric: true,
    sort: (row) => row.deliveries,
    cell: (row) => <Count value={row.deliveries} />,
  },
  {
    key: 'size',
    name: 'Size',
    numeric: true,
    sort: (row) => row.payloadBytes,
    cell: ({ gone, payloadBytes }) => {
      if (gone)
        return (
          <Badge tone="bad" title="the message was trimmed or deleted: nobody can process it any more">
            gone
          </Badge>
        );
      return payloadBytes === null ? <Unknown /> : formatBytes(payloadBytes);
    },
  },
];

/** What a group has been given and has not acknowledged. */
export function PendingView({
  snapshot,
  stream,
  group,
}: {
  snapshot: Snapshot;
  stream: string;
  group: string;
}) {
  const row = snapshot.streams
    .find((one) => one.stream === stream)
    ?.groups.find((one) => one.group === group);
  const { data, error } = useRest<PendingReport>(`api/pending/${encoded(stream)}/${encoded(group)}`, 3000);
  return (
    <View
      title={group}
      above={
        <>
          <a href={placeHash(['streams'])}>Streams</a> › <a href={placeHash(['stream', stream])}>{stream}</a>
        </>
      }
    >
      {error && <Notice tone="bad">{error}</Notice>}
      {row && (
        <Section title="Consumer group">
          <Facts
            of={[
              ['Pending', <Count value={row.pending} />],
              ['Oldest pending', <Span value={row.oldestPendingAgeMs} why="nothing is pending" />],
              ['Lag', <Lag of={row} />],
              ['Behind by', <Span value={row.oldestUndeliveredAgeMs} why="it has been given everything" />],
              ['Consumers', <Count value={row.consumers} />],
              ['Finished /s', <Rate value={row.finishedPerSecond} why="after a second look" />],
            ]}
          />
        </Section>
      )}
      {data && data.pending === 0 && (
        <Empty title="Nothing is pending">All that this group has been given is acknowledged.</Empty>
      )}
      {data && data.pending > 0 && <Found report={data} />}
    </View>
  );
}

function Found({ report }: { report: PendingReport }) {
  const { entries, idle, deliveries, pending, matching } = report;
  return (
    <>
      <div class="pair">
        <Buckets title="Idle for" buckets={idle} write={formatDuration} all={matching} />
        <Buckets title="Delivered" buckets={deliveries} write={(times) => `${times}×`} all={matching} />
      </div>
      <Section
        title="Pending entries"
        aside={
          <span class="dim">
            {entries.length < pending
              ? `the first ${grouped(entries.length)} of ${grouped(pending)}`
              : counted(pending, 'entry', 'entries')}
          </span>
        }
      >
        <DataTable
          caption="Pending entries"
          rows={entries}
          columns={COLUMNS}
          nameOf={(row) => row.id}
          initial="id"
        />
        <p class="dim hint">
          To hand stuck ones to another consumer: <code>qctl claim</code>. To see all of them:{' '}
          <code>qctl pending</code>.
        </p>
      </Section>
    </>
  );
}

interface BucketsProps {
  title: string;
  buckets: PendingReport['idle'];
  write: (value: number) => string;
  all: number;
}

function Buckets({ title, buckets, write, all }: BucketsProps) {
  const name = (at: number): string => {
    const { atMost } = buckets[at]!;
    const prior = buckets[at - 1]?.atMost;
    if (atMost === null) return `over ${write(prior ?? 0)}`;
    return at === 0 ? `up to ${write(atMost)}` : `to ${write(atMost)}`;
  };
  return (
    <Section title={title}>
      <dl class="bars">
        {buckets.map(({ count }, at) => (
          <div key={name(at)}>
            <dt>{name(at)}</dt>
            <dd>
              <Meter
                share={all === 0 ? 0 : count / all}
                name={`${title} ${name(at)}`}
                text={grouped(count)}
              />
            </dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}
