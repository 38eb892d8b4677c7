import { postgresLabel, toSourceError } from '../../backends/postgres/index.ts';
import { formatOf } from '../../sources/postgres/formats/index.ts';
import { UNKNOWN } from '../figure.ts';
import type { SourceLook } from '../look.ts';
import type { CarefulSession } from './careful.ts';
import type { PostgresSourceFacts } from './facts.ts';
import { bodyFacts, serverFacts } from './facts-of.ts';
import { lockFindings } from './findings/locks.ts';
import type { PostgresDrainSource } from './open.ts';
import { type ServerState, serverState } from './server.ts';

/**
 * What can be said of a table that somebody has locked against all others: by whom.
 *
 * @throws QctlError where the lock is gone by now
 */
export async function lockedLook(
  { client }: CarefulSession,
  source: PostgresDrainSource,
  cause: unknown,
): Promise<SourceLook<PostgresSourceFacts>> {
  const server = postgresLabel(source.connection);
  const { table } = source.spec;
  const findings = await lockFindings(client, table);
  if (findings.length === 0) throw toSourceError(cause, server, `look at table ${table}`);
  const label = `${server} ${table}`;
  return {
    label,
    facts: unknownFacts(label, source, await serverState({ client })),
    findings,
    backlog: UNKNOWN,
    arrivalPerSecond: null,
    completionPerSecond: null,
    oldestAt: null,
    types: null,
    sample: [],
    notCarried: [],
  };
}

function unknownFacts(
  label: string,
  { spec }: PostgresDrainSource,
  server: ServerState,
): PostgresSourceFacts {
  return {
    kind: 'postgres',
    label,
    table: spec.table,
    format: formatOf(spec.format)?.title ?? 'generic',
    formatVersion: spec.version ?? null,
    ...serverFacts(server),
    rows: UNKNOWN,
    ready: UNKNOWN,
    running: UNKNOWN,
    scheduled: UNKNOWN,
    dead: UNKNOWN,
    oldestAt: null,
    oldestAgeMs: null,
    arrivalPerSecond: null,
    completionPerSecond: null,
    observedMs: null,
    ...bodyFacts(null),
    heapBytes: null,
    indexBytes: null,
    toastBytes: null,
    liveRows: null,
    deadRows: null,
    lastVacuumAt: null,
    lastAnalyzeAt: null,
    partitioned: null,
    unlogged: null,
    readyIndex: null,
    triggers: [],
    foreignKeys: [],
    publications: [],
    privileges: [],
    workers: [],
  };
}
