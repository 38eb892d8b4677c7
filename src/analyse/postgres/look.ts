import { postgresLabel, sqlState, toSourceError } from '../../backends/postgres/index.ts';
import type { DrainSettings } from '../../drain/index.ts';
import type { Finding } from '../../model/finding.ts';
import { othersClaims } from '../../sources/postgres/claim-others.ts';
import { isNotKnown } from '../../sources/postgres/not-counted.ts';
import { nothingReady } from '../../sources/postgres/ready-findings.ts';
import type { LookOptions, SourceLook } from '../look.ts';
import { bodySizes } from './bodies.ts';
import { catalogueFacts } from './catalogue-facts.ts';
import { countsOf } from './counts.ts';
import type { PostgresSourceFacts } from './facts.ts';
import { type Found, factsOf } from './facts-of.ts';
import { filtered } from './filtered.ts';
import { bodyFindings } from './findings/bodies.ts';
import { foreignKeyFindings, referencesTo } from './findings/foreign-keys.ts';
import { lockFindings } from './findings/locks.ts';
import { publicationsOf, replicationFindings } from './findings/replication.ts';
import { serverFindings } from './findings/server.ts';
import { sessionFindings, sessionsOn } from './findings/sessions.ts';
import { indexFindings, retentionFindings, rowSecurityFindings, sizeFindings } from './findings/table.ts';
import { transactionFindings } from './findings/transactions.ts';
import { framesOf } from './frame.ts';
import { leftOutFindings } from './left-out.ts';
import { lockedLook } from './locked.ts';
import { notCarried } from './not-carried.ts';
import { carefulSession, type OpenTable, openTable, type PostgresDrainSource } from './open.ts';
import { ratesOf } from './rates.ts';
import { readyIndex } from './ready-index.ts';
import { readyRows, sampleOf, someReady } from './sample.ts';
import { serverState } from './server.ts';
import { tableSize } from './size.ts';
import { statesOf } from './states.ts';

const LOCK_NOT_AVAILABLE = '55P03';

/** Looks at a PostgreSQL table and its server. Reads only, and reads no more than bounded parts of large tables. */
export async function lookAtPostgres(
  source: PostgresDrainSource,
  settings: DrainSettings,
  options: LookOptions,
): Promise<SourceLook<PostgresSourceFacts>> {
  const [session, client] = await carefulSession(source);
  try {
    return await look(await openTable(session, source), settings, options);
  } catch (error) {
    if (sqlState(error) === LOCK_NOT_AVAILABLE) return await lockedLook(session, source, error);
    throw toSourceError(error, postgresLabel(source.connection), `analyse table ${source.spec.table}`);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function look(
  open: OpenTable,
  settings: DrainSettings,
  options: LookOptions,
): Promise<SourceLook<PostgresSourceFacts>> {
  const found = await lookThrough(open, settings, options);
  const { counts, rates, catalogue, references } = found;
  const chosen = filtered(open, counts, found.sample);
  const findings = [
    ...(await findingsOf(found, settings)),
    ...chosen.findings,
    ...leftOutFindings(open.session),
  ];
  // Something stands against the spec that nothing above has told.
  if (open.unchecked !== undefined && !findings.some(({ level }) => level === 'blocker'))
    throw open.unchecked;
  return {
    label: open.label,
    facts: factsOf(found),
    findings,
    backlog: chosen.backlog,
    arrivalPerSecond: rates.arrivalPerSecond,
    completionPerSecond: rates.completionPerSecond,
    oldestAt: counts.oldestAt,
    types: chosen.types,
    sample: chosen.sample,
    notCarried: notCarried(open, catalogue.triggers, references),
  };
}

/** Looks at the table, its surroundings and its server, one after the other: they share a session. */
async function lookThrough(open: OpenTable, settings: DrainSettings, options: LookOptions): Promise<Found> {
  const size = await tableSize(open);
  const frames = await framesOf(open, size);
  const counts = await countsOf(open, frames, await statesOf(open));
  const { states } = counts;
  const from = someReady(open, states, frames, counts);
  const sample = await sampleOf(open, readyRows(open, from), frames, counts);
  const bodies = await bodySizes(open, from, counts.ready, sample, settings.maxBodyBytes);
  const [server, catalogue] = [await serverState(open), await catalogueFacts(open)];
  const [references, publications] = [await referencesTo(open), await publicationsOf(open)];
  const index = await readyIndex(open, states);
  const before = await sessionsOn(open);
  const rates = await ratesOf(open, states, counts, options);
  const sessions = before.length > 0 || options.observeMs <= 0 ? before : await sessionsOn(open);
  const around = { server, catalogue, references, publications, index, sessions };
  return { open, size, counts, sample, bodies, ...around, rates };
}

async function findingsOf(found: Found, settings: DrainSettings): Promise<Finding[]> {
  const { open, size, counts, sample, bodies, server, references, publications, index, sessions } = found;
  const { client, table, spec } = open;
  return [
    ...open.findings,
    ...(counts.ready.value === 0 ? await nothingReady(client, spec, table) : []),
    ...(await serverFindings(open, server, settings)),
    ...(await lockFindings(client, table.name)),
    ...(await transactionFindings(open)),
    ...sessionFindings(open, sessions),
    ...(await othersClaims(client, spec, table, NO_RUN).catch(noneIfUnknown)),
    ...(await foreignKeyFindings(open, counts.states, references)),
    ...(await replicationFindings(open, publications)),
    ...(await rowSecurityFindings(open)),
    ...(await retentionFindings(open)),
    ...sizeFindings(open, size),
    ...indexFindings(open, index, size, counts),
    ...sample.findings,
    ...bodyFindings(open, bodies, settings.maxBodyBytes),
  ];
}

/** No run has this name: whoever holds rows is another one. */
const NO_RUN = '-';

function noneIfUnknown(error: unknown): Finding[] {
  if (isNotKnown(error)) return [];
  throw error;
}
