import type { BodySizes } from './bodies.ts';
import type { CatalogueFacts } from './catalogue-facts.ts';
import type { Counts } from './counts.ts';
import type { PostgresSourceFacts } from './facts.ts';
import type { Reference } from './findings/foreign-keys.ts';
import type { Publication } from './findings/replication.ts';
import type { TableSession } from './findings/sessions.ts';
import type { OpenTable } from './open.ts';
import type { Rates } from './rates.ts';
import type { Sample } from './sample.ts';
import type { ServerState } from './server.ts';
import type { TableSize } from './size.ts';

/** All that a look has found. */
export interface Found {
  open: OpenTable;
  size: TableSize;
  counts: Counts;
  sample: Sample;
  bodies: BodySizes | null;
  server: ServerState;
  catalogue: CatalogueFacts;
  references: Reference[];
  publications: Publication[];
  index: string | null;
  sessions: TableSession[];
  rates: Rates;
}

/** Puts it into the shape that is shown. */
export function factsOf(found: Found): PostgresSourceFacts {
  const { open, size, counts, server, catalogue, references, publications, index, rates } = found;
  const { rows, ready, running, scheduled, dead, oldestAt } = counts;
  const { heapBytes, indexBytes, toastBytes, liveRows, deadRows, lastVacuumAt, lastAnalyzeAt } = size;
  return {
    kind: 'postgres',
    label: open.label,
    table: open.table.name,
    format: open.known?.format.title ?? 'generic',
    formatVersion: open.spec.version ?? null,
    ...serverFacts(server),
    rows,
    ready,
    running,
    scheduled,
    dead,
    oldestAt,
    oldestAgeMs: oldestAt === null ? null : Math.max(0, server.nowMs - Date.parse(oldestAt)),
    ...rates,
    ...bodyFacts(found.bodies),
    heapBytes,
    indexBytes,
    toastBytes,
    liveRows,
    deadRows,
    lastVacuumAt,
    lastAnalyzeAt,
    partitioned: open.table.partitioned,
    unlogged: open.table.unlogged,
    readyIndex: index,
    ...catalogue,
    foreignKeys: references.map(({ name, from }) => `${name} of ${from}`),
    publications: publications.map(({ name }) => name),
    workers: workersOf(found),
  };
}

/** What is shown of the server. */
export function serverFacts({
  version,
  standby,
  pooler,
  maxConnections,
  usedConnections,
  replicas,
}: ServerState): Pick<
  PostgresSourceFacts,
  'serverVersion' | 'standby' | 'pooler' | 'maxConnections' | 'usedConnections' | 'replicas'
> {
  return { serverVersion: version, standby, pooler, maxConnections, usedConnections, replicas };
}

/** What is shown of bodies; null: none was looked at. */
export function bodyFacts(bodies: BodySizes | null) {
  return {
    minBodyBytes: bodies?.minBytes ?? null,
    p50BodyBytes: bodies?.p50Bytes ?? null,
    p90BodyBytes: bodies?.p90Bytes ?? null,
    p99BodyBytes: bodies?.p99Bytes ?? null,
    maxBodyBytes: bodies?.maxBytes ?? null,
    nullBodies: bodies?.nullBodies ?? null,
    bodiesSeen: bodies?.messages ?? null,
    bodiesHow: bodies?.how ?? null,
  };
}

function workersOf({ open, sessions }: Found): PostgresSourceFacts['workers'] {
  if (open.known) return open.known.workers;
  return sessions.map(({ pid, name }) => ({ name: `session ${pid} (${name})`, seenAt: null }));
}
