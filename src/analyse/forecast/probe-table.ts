import type { Client } from 'pg';
import type { RedisConnection } from '../../backends/redis/index.ts';
import type { DrainSettings } from '../../drain/index.ts';
import { copyRows } from '../../sources/postgres/copy-rows.ts';
import { NotCounted } from '../../sources/postgres/not-counted.ts';
import { endSession, READER_SETTINGS } from '../../sources/postgres/session.ts';
import { statements } from '../../sources/postgres/sql.ts';
import { carefulSession, openTable, type PostgresDrainSource } from '../postgres/open.ts';
import { type Probe, probe } from './probe.ts';

/** More are not read in the time of a probe. */
const MOST_ROWS = 100_000;
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
 * Reads rows as a drain reads them, in its order, and hands them to a script in the target. Null where that would
 * read too much, where there are no rows, and where Redis may not be asked.
 */
export async function probeTable(
  source: PostgresDrainSource,
  settings: DrainSettings,
  redis: RedisConnection,
  stream: string,
): Promise<TableProbe | null> {
  const [session, raw] = await carefulSession(source);
  try {
    const { spec, table } = await openTable(session, source);
    const sql = statements(spec, table);
    const constants = ['source', source.name, 'run', source.name];
    await raw.query(READER_SETTINGS);
    const page = sql.page(MOST_ROWS, null, null);
    const serverYardstickMs = await serverYardstick(raw);
    const probed = await session.allow(page, async (client) => {
      const rows = copyRows(client, page, sql.fields, settings.batch, PART_BYTES);
      return probe(redis, stream, () => rows.next(), constants);
    });
    return probed && { ...probed, serverYardstickMs };
  } catch (error) {
    if (error instanceof NotCounted) return null;
    throw error;
  } finally {
    await endSession(raw);
  }
}
