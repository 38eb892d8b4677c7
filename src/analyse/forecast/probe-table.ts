import type { Client } from 'pg';
import type { RedisConnection } from '../../backends/redis/index.ts';
import type { DrainSettings } from '../../drain/index.ts';
import type { Batch } from '../../model/batch.ts';
import type { PackedRows } from '../../model/packed.ts';
import { copyRows, type RowStream } from '../../sources/postgres/copy-rows.ts';
import { isNotKnown } from '../../sources/postgres/not-counted.ts';
import { endSession, READER_SETTINGS } from '../../sources/postgres/session.ts';
import { statements } from '../../sources/postgres/sql.ts';
import type { CarefulSession } from '../postgres/careful.ts';
import { carefulSession, openTable, type PostgresDrainSource } from '../postgres/open.ts';
import { type NextRows, type Probe, probe } from './probe.ts';

/** Read at once. */
const MOST_ROWS = 100_000;
const ENOUGH_ROWS = 10_000;
const PART_BYTES = 4 * 1024 * 1024;

/** A probe, and how fast the server of the source is at a fixed piece of work, in ms. */
export interface TableProbe extends Probe {
  serverYardstickMs: number;
}

const WORK = 'SELECT sum(hashint8(n)) FROM generate_series(1, 100000) n';

/** The least of a few, since others may be at work, too. */
async function serverYardstick(client: Client): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 3; i += 1) {
    const from = performance.now();
    await client.query(WORK);
    times.push(performance.now() - from);
  }
  return Math.min(...times);
}

/**
 * Reads rows as a drain reads them, in its order, and hands them to a script in the target. Where that would read
 * too much, sampled rows are handed over again and again instead. Null where there are no rows.
 */
export async function probeTable(
  source: PostgresDrainSource,
  { batch }: DrainSettings,
  target: { redis: RedisConnection; stream: string },
  sample: readonly Batch[],
): Promise<TableProbe | null> {
  const [session, raw] = await carefulSession(source);
  const append = (next: NextRows): Promise<Probe | null> =>
    probe(target.redis, target.stream, next, ['source', source.name, 'run', source.name]);
  try {
    const serverYardstickMs = await serverYardstick(raw);
    const probed = await inOrder(session, source, batch, append).catch((error) => {
      if (!isNotKnown(error)) throw error;
      return append(again(sample.flatMap(({ rows }) => rows ?? [])));
    });
    return probed && { ...probed, serverYardstickMs };
  } finally {
    await endSession(raw);
  }
}

async function inOrder(
  session: CarefulSession,
  source: PostgresDrainSource,
  batch: number,
  append: (next: NextRows) => Promise<Probe | null>,
): Promise<Probe | null> {
  const { spec, table } = await openTable(session, source);
  const sql = statements(spec, table);
  const page = sql.page(MOST_ROWS, null, null);
  await session.client.query(READER_SETTINGS);
  const read = (client: Client): RowStream => copyRows(client, page, sql.fields, batch, PART_BYTES);
  return session.allow(page, (client) => append(overAndOver(() => read(client))));
}

/** Where the time is not over when all has been read it is read again, if it was enough to say anything. */
function overAndOver(read: () => RowStream): NextRows {
  let rows = read();
  return async () => {
    const part = await rows.next();
    if (part || rows.sent() < ENOUGH_ROWS) return part;
    rows = read();
    return rows.next();
  };
}

function again(parts: readonly PackedRows[]): NextRows {
  let at = 0;
  return () => Promise.resolve(parts.length === 0 ? undefined : parts[at++ % parts.length]);
}
