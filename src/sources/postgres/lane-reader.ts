import type { Client } from 'pg';
import type { LaneReader } from '../source.ts';
import type { ListOptions, Matches } from './candidate-query.ts';
import { candidateStatement } from './candidate-sql.ts';
import type { TableFacts } from './catalog.ts';
import { ClaimReader } from './claim.ts';
import { claimStatements } from './claim-sql.ts';
import { CopyReader } from './copy.ts';
import { MoveReader } from './move.ts';
import { CLAIMING_SETTINGS, READER_SETTINGS } from './session.ts';
import type { PostgresSpec } from './spec.ts';
import { statements } from './sql.ts';

/** Bytes of rows that are read at once. */
export const PART_BYTES = 4 * 1024 * 1024;
/** Rows a transaction takes, in appends of the batch size: fewer commits, and the next append is read meanwhile. */
const APPENDS_PER_TRANSACTION = 10;
const APPENDS_PER_PAGE = 100;

/** What a unit of claimed rows may hold: a stop waits for its end. */
const UNIT_BYTES = 64 * 1024 * 1024;

/** Rows that one list of candidates names. */
const CANDIDATES = 100_000;

/** One lane of one run. */
export interface ReaderOptions {
  run: string;
  lane: number;
  lanes: number;
  /** Rows that one append writes. */
  batch: number;
  /** Told what an operator should know. */
  note?(text: string): void;
  /** Told how many appended messages somebody else has had meanwhile. */
  lost?(count: number): void;
}

/** The queue that a lane reads from. */
interface LaneQueue {
  spec: PostgresSpec;
  table: TableFacts;
  /** Undefined where every ready row is wanted. */
  matches: Matches | undefined;
  /** Opens a session under this name. */
  session(applicationName: string): Promise<Client>;
}

/** The reader of a lane: by claim, by copy or by move, as the queue says. Connects when it is opened. */
export function laneReader(queue: LaneQueue, options: ReaderOptions): LaneReader {
  const { spec, table, matches } = queue;
  const { lane, lanes, batch } = options;
  if (spec.mode === 'move' && spec.claim !== undefined) return claimReader(queue, options);
  const shared = { ...sharedOf(queue, options), sql: statements(spec, table, { lane, lanes }) };
  if (spec.mode === 'copy')
    return new CopyReader({ ...shared, table, pageRows: batch * APPENDS_PER_PAGE, matches });
  return new MoveReader({
    ...shared,
    transactionRows: batch * APPENDS_PER_TRANSACTION,
    keyed: spec.key !== undefined,
    list: matches && listOf(queue, options),
  });
}

function claimReader(queue: LaneQueue, options: ReaderOptions): LaneReader {
  const { spec, table } = queue;
  const { run, lane, lanes, batch, note = () => undefined, lost = () => undefined } = options;
  return new ClaimReader({
    ...sharedOf(queue, options, CLAIMING_SETTINGS),
    sql: claimStatements(spec, table, run, { lane, lanes }),
    unitRows: batch * APPENDS_PER_TRANSACTION,
    unitBytes: UNIT_BYTES,
    rowBytes: table.averageRowBytes,
    list: listOf(queue, options),
    own: spec.settle !== undefined,
    note,
    lost,
  });
}

function sharedOf(
  { session }: LaneQueue,
  { run, lane, batch }: ReaderOptions,
  settings: string = READER_SETTINGS,
) {
  const connect = async (): Promise<Client> => {
    const client = await session(`qctl/${run}/${lane}`.slice(0, 63));
    await client.query(settings);
    return client;
  };
  return { lane, connect, partRows: batch, partBytes: PART_BYTES };
}

function listOf({ spec, table, matches }: LaneQueue, { lane, lanes }: ReaderOptions): ListOptions {
  return {
    sql: candidateStatement(spec, table, { lane, lanes }),
    limit: CANDIDATES,
    ranked: spec.rank !== undefined,
    matches,
  };
}
