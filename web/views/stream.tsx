import type { Snapshot, StreamRow } from '../../src/overview/index.ts';
import type { StreamDetail } from '../../src/streams/index.ts';
import { counted, formatBytes, grouped, rateText } from '../lib/format.ts';
import { encoded, placeHash } from '../lib/place.ts';
import { useStreamHistory } from '../live/history.ts';
import { useRest } from '../live/rest.ts';
import { Chart } from '../parts/chart.tsx';
import { Empty, Notice, Section, View } from '../parts/frame.tsx';
import { Count, Facts, Lag, Rate, Span, Time, Unknown } from '../parts/value.tsx';
import { Advice } from './advice.tsx';
import { GroupCard } from './group-card.tsx';
import { Tile } from './server-tiles.tsx';

const LENGTH = [{ key: 'length', name: 'length' }];
const BEHIND = [
  { key: 'lag', name: 'lag' },
  { key: 'pending', name: 'pending' },
];
const FLOW = [
  { key: 'inPerSecond', name: 'in /s' },
  { key: 'outPerSecond', name: 'out /s' },
];
const EVERY_MS = 3000;

/** One stream: its numbers now and over time, its groups and their consumers, what is odd about it. */
export function StreamView({ snapshot, stream }: { snapshot: Snapshot; stream: string }) {
  const row = snapshot.streams.find((one) => one.stream === stream);
  const history = useStreamHistory(stream);
  const { data, error } = useRest<StreamDetail[]>(`api/stream/${encoded(stream)}`, EVERY_MS);
  const details = data ?? [];
  const detail = details.find((one) => one.stream === stream) ?? details[0];
  const advice = details.flatMap((one) => one.advice);
  return (
    <View title={stream} above={<a href={placeHash(['streams'])}>Streams</a>}>
      {error && <Notice tone="bad">{error}</Notice>}
      {row ? <Now row={row} /> : !error && <Notice>It is not among the streams that are looked at.</Notice>}
      <Advice of={advice} />
      <div class="charts">
        <Chart title="Length" series={history} lines={LENGTH} />
        <Chart title="Behind" series={history} lines={BEHIND} />
        <Chart title="Rates" series={history} lines={FLOW} write={rateText} />
      </div>
      <Section
        title="Consumer groups"
        aside={row && <span class="dim">{counted(row.groups.length, 'group')}</span>}
      >
        {(row?.groups ?? []).map((group) => (
          <GroupCard
            key={group.group}
            stream={stream}
            group={group}
            detail={detail?.groups.find((one) => one.group === group.group)}
          />
        ))}
        {row && row.groups.length === 0 && (
          <Empty title="No consumer group">
            Nobody reads it through a group yet. To make one: <code>qctl group create</code>
          </Empty>
        )}
      </Section>
      {detail && <About detail={detail} />}
    </View>
  );
}

function Now({ row }: { row: StreamRow }) {
  return (
    <div class="tiles">
      <Tile name="Length">
        <Count value={row.length} />
      </Tile>
      <Tile name="In /s">
        <Rate value={row.inPerSecond} why="known from Redis 7.0 on, and after a second look" />
      </Tile>
      <Tile name="Out /s">
        <Rate value={row.outPerSecond} why="not known for any group" />
      </Tile>
      <Tile name="Lag">
        <Lag of={row} why="it has no group, or none whose lag is known" />
      </Tile>
      <Tile name="Pending">
        <Count value={row.pending} />
      </Tile>
      <Tile name="Oldest pending">
        <Span value={row.oldestPendingAgeMs} why="nothing is pending" />
      </Tile>
      <Tile name="Scheduled">
        <Count value={row.waiting} why="this user may not look" />
      </Tile>
    </div>
  );
}

function About({ detail }: { detail: StreamDetail }) {
  const { settings, firstId, firstAgeMs, lastId, lastAgeMs, entriesAdded, memoryBytes, deadLetters } = detail;
  const { maxLen, maxAgeMs, maxDeliveries, minIdleMs } = settings;
  return (
    <Section title="About the stream">
      <Facts
        of={[
          ['First entry', <Entry id={firstId} ageMs={firstAgeMs} />],
          ['Last entry', <Entry id={lastId} ageMs={lastAgeMs} />],
          ['Entries ever added', <Count value={entriesAdded} why="known from Redis 7.0 on" />],
          ['Memory', memoryBytes === null ? <Unknown why="not asked for" /> : formatBytes(memoryBytes)],
          [
            'Dead letters',
            <>
              <Count value={deadLetters} why="could not be looked at" /> in{' '}
              <a href={placeHash(['dead-letters', settings.deadLetter])}>{settings.deadLetter}</a>
              {settings.deadLetterNamed ? '' : ' by convention'}
            </>,
          ],
          ['Next scheduled', detail.waiting ? <Time at={detail.nextDueAt} /> : 'nothing is scheduled'],
          ['At most', maxLen === undefined ? 'any length' : counted(maxLen, 'entry', 'entries')],
          ['Kept for', maxAgeMs === undefined ? 'ever' : <Span value={maxAgeMs} />],
          [
            'Dead after',
            maxDeliveries === undefined ? 'not configured' : counted(maxDeliveries, 'delivery', 'deliveries'),
          ],
          ['Stuck after', minIdleMs === undefined ? 'not configured' : <Span value={minIdleMs} />],
          ['Partitions', grouped(settings.partitions)],
        ]}
      />
    </Section>
  );
}

function Entry({ id, ageMs }: { id: string | null; ageMs: number | null }) {
  if (id === null) return <>none</>;
  return (
    <>
      <code>{id}</code>
      {ageMs !== null && (
        <>
          , <Span value={ageMs} /> ago
        </>
      )}
    </>
  );
}
