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

/**
 * Reads rows as a drain reads them, in its order, and hands them to a script in the target. Null where that would
 * read too much, where there are no rows, and where Redis may not be asked.
 */
export async function probeTable(
  source: PostgresDrainSource,
  settings: DrainSettings,
  redis: RedisConnection,
  stream: string,
): Promise<Probe | null> {
  const [session, raw] = await carefulSession(source);
  try {
    const { spec, table } = await openTable(session, source);
    const sql = statements(spec, table);
    const constants = ['source', source.name, 'run', source.name];
    await raw.query(READER_SETTINGS);
    const page = sql.page(MOST_ROWS, null, null);
    return await session.allow(page, async (client) => {
      const rows = copyRows(client, page, sql.fields, settings.batch, PART_BYTES);
      return probe(redis, stream, () => rows.next(), constants);
    });
  } catch (error) {
    if (error instanceof NotCounted) return null;
    throw error;
  } finally {
    await endSession(raw);
  }
}
