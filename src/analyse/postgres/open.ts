import type { Client } from 'pg';
import { connectPostgres, postgresLabel, sqlState, toSourceError } from '../../backends/postgres/index.ts';
import type { DrainSource } from '../../drain/index.ts';
import { isQctlError, QctlError } from '../../errors.ts';
import type { Finding } from '../../model/finding.ts';
import { readTable, type TableFacts } from '../../sources/postgres/catalog.ts';
import { checkSpec } from '../../sources/postgres/check.ts';
import { type KnownQueue, knownQueue } from '../../sources/postgres/formats/overview.ts';
import { explainDenied } from '../../sources/postgres/privileges.ts';
import { SESSION_SETTINGS } from '../../sources/postgres/session.ts';
import type { PostgresSpec } from '../../sources/postgres/spec.ts';
import { tableFindings } from '../../sources/postgres/table-findings.ts';
import { CAREFUL_SETTINGS, CarefulSession } from './careful.ts';

export type PostgresDrainSource = Extract<DrainSource, { kind: 'postgres' }>;

/** A table that has been looked at as a drain would, in a read-only session that reads bounded parts alone. */
export interface OpenTable {
  session: CarefulSession;
  /** Whose every query is planned before it is run. */
  client: Client;
  spec: PostgresSpec;
  table: TableFacts;
  /** `postgres://host:5432/db public.alerts`, without a password. */
  label: string;
  /** What a drain's own preflight says of the table. */
  findings: Finding[];
  /** Undefined for a table that the operator describes. */
  known: KnownQueue | undefined;
  /** Why the spec could not be checked to its end, which some blocker should say as well. */
  unchecked: unknown;
}

/** Rights that are missing, and what a table does not let anybody do: findings say it better, and the rest can be looked at. */
const UNCHECKED = ['42501', '55000'];

/** A session for analyses; to be ended with `end()`. Nothing can be changed in it, and no lock is waited for long. */
export async function carefulSession(source: PostgresDrainSource): Promise<[CarefulSession, Client]> {
  const raw = await connectPostgres({ ...source.connection, applicationName: 'qctl analyse' });
  await raw.query(`${SESSION_SETTINGS}; ${CAREFUL_SETTINGS}`);
  return [new CarefulSession(raw), raw];
}

/**
 * Reads the catalogue and checks the spec as a drain does.
 *
 * @throws QctlError as a drain's own preflight
 */
export async function openTable(
  session: CarefulSession,
  { connection, spec }: PostgresDrainSource,
): Promise<OpenTable> {
  const { client } = session;
  const server = postgresLabel(connection);
  let table: TableFacts | undefined;
  try {
    table = await readTable(client, spec);
    const unchecked = await checked(client, spec, table);
    const known = await knownQueue(client, spec, table);
    const findings = [...(await tableFindings(client, spec, table)), ...(known?.findings ?? [])];
    return { session, client, spec, table, label: `${server} ${table.name}`, findings, known, unchecked };
  } catch (error) {
    const explained = await explainDenied(client, spec, table, error);
    throw toSourceError(explained, server, `look at table ${spec.table}`);
  }
}

/** Undefined where the spec fits. */
async function checked(client: Client, spec: PostgresSpec, table: TableFacts): Promise<unknown> {
  try {
    await checkSpec(client, spec, table);
    return undefined;
  } catch (error) {
    if (UNCHECKED.includes(sqlState(error) ?? '')) return explainDenied(client, spec, table, error);
    throw doesNotFit(error, table);
  }
}

/** A drain is told of values that do not fit when it plans to set them, which is not done here. */
function doesNotFit(error: unknown, table: TableFacts): unknown {
  if (isQctlError(error) || !/^(?:22|42)/.test(sqlState(error) ?? '')) return error;
  const why = (error as Error).message;
  return new QctlError('config', `the queue's description does not fit table ${table.name}: ${why}`, {
    code: 'BAD_EXPRESSION',
    hint: ['look at what is set in rows that are claimed or done'],
    cause: error,
  });
}
