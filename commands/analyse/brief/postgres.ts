import type { PostgresSourceFacts } from '../../../src/analyse/index.ts';
import { shortList } from '../../../src/model/short-list.ts';
import { type FactRow, figureText } from '../fact-text.ts';
import { bytes, count, lasting, listed, rate, UNKNOWN, withUnknown } from './words.ts';

/** What of a table an operator looks at first. */
export function briefPostgres(facts: PostgresSourceFacts): FactRow[] {
  return [
    ['queue', queueText(facts)],
    ['server', serverText(facts)],
    ['ready', readyText(facts)],
    [
      'not ready',
      withUnknown([
        ['running', figureText(facts.running)],
        ['scheduled', figureText(facts.scheduled)],
        ['dead', figureText(facts.dead)],
      ]),
    ],
    ['rates', ratesText(facts)],
    ['bodies', bodiesText(facts)],
    ['on disk', diskText(facts)],
    ...someOf('ready index', facts.readyIndex === null ? [] : [facts.readyIndex]),
    ...someOf('triggers', facts.triggers),
    ...someOf('foreign keys', facts.foreignKeys),
    ...someOf('published by', facts.publications),
    ['workers', shortList(facts.workers.map(({ name }) => name)) || 'none seen'],
  ];
}

function someOf(name: string, values: readonly string[]): FactRow[] {
  return values.length === 0 ? [] : [[name, shortList(values)]];
}

function queueText({ table, format, formatVersion, partitioned, unlogged }: PostgresSourceFacts): string {
  const kind = format === 'generic' ? '' : `${format}${formatVersion === null ? '' : ` ${formatVersion}`}`;
  return listed(
    kind,
    `table ${table}`,
    partitioned === true && 'partitioned',
    unlogged === true && 'unlogged',
  );
}

function serverText(facts: PostgresSourceFacts): string {
  const { serverVersion, standby, pooler, maxConnections, usedConnections, replicas } = facts;
  return listed(
    `PostgreSQL ${serverVersion}`,
    standby && 'standby',
    pooler === true && 'behind a connection pooler',
    (replicas ?? 0) > 0 && `${count(replicas)} replicas`,
    `${count(usedConnections)} of ${count(maxConnections)} connections in use`,
  );
}

function readyText({ ready, oldestAgeMs }: PostgresSourceFacts): string {
  const oldest = oldestAgeMs === null ? '' : `; the oldest for ${lasting(oldestAgeMs)}`;
  return `${figureText(ready) ?? UNKNOWN}${oldest}`;
}

function ratesText({ arrivalPerSecond, completionPerSecond, observedMs }: PostgresSourceFacts): string {
  if (arrivalPerSecond === null && completionPerSecond === null)
    return `${UNKNOWN}: --observe 30s measures them`;
  const how = observedMs === null ? 'by the times of enqueueing' : `observed for ${lasting(observedMs)}`;
  return `${rate(arrivalPerSecond)} in, ${rate(completionPerSecond)} out; ${how}`;
}

function bodiesText(facts: PostgresSourceFacts): string {
  const { p50BodyBytes, p99BodyBytes, maxBodyBytes, nullBodies, bodiesSeen, bodiesHow, ready } = facts;
  if (maxBodyBytes === null) return ready.value === 0 ? 'none' : UNKNOWN;
  const empty = (nullBodies ?? 0) > 0 && `${count(nullBodies)} NULL`;
  const sizes = `median ${bytes(p50BodyBytes)}, p99 ${bytes(p99BodyBytes)}, largest ${bytes(maxBodyBytes)}`;
  return `${listed(sizes, empty)}; ${bodiesHow ?? 'found'} in ${count(bodiesSeen)}`;
}

function diskText({ heapBytes, indexBytes, toastBytes, rows, deadRows }: PostgresSourceFacts): string {
  const all = `${figureText(rows) ?? UNKNOWN} rows, ${deadRows === null ? 'dead ones unknown' : `${count(deadRows)} dead`}`;
  if (heapBytes === null) return `${all}; sizes ${UNKNOWN}`;
  return `${all}; rows ${bytes(heapBytes)}, indexes ${bytes(indexBytes)}, out of line ${bytes(toastBytes)}`;
}
