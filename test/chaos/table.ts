import { connectPostgres } from '../support/postgres.ts';
import { uniqueName } from '../support/shared.ts';
import { MESSAGES, type Scenario } from './harness.ts';

/** A queue table of 20,000 rows in its own database, 97 keys mixed well. */
export interface QueueTable {
  url: string;
  ids: string[];
  rowsLeft(): Promise<number>;
  addClaimColumn(name: string): Promise<void>;
  /** Ids of the rows that are left. */
  waiting(): Promise<string[]>;
}

export async function fillTable(database: string, rows = MESSAGES): Promise<QueueTable> {
  const access = connectPostgres(database);
  const name = new URL(database).pathname.slice(1);
  const query = <T extends object>(sql: string) => access.query<T>(sql, [], name);
  await query('CREATE TABLE alerts (id bigint PRIMARY KEY, agent text NOT NULL, payload text NOT NULL)');
  await query(`INSERT INTO alerts SELECT g, 'agent-' || (g * 7919 % 97), 'payload ' || g || repeat('.', 50)
                 FROM generate_series(1, ${rows}) g`);
  await query('ANALYZE alerts');
  return {
    url: database,
    ids: Array.from({ length: rows }, (_, i) => String(i + 1)),
    rowsLeft: async () => (await query<{ n: number }>('SELECT count(*)::int AS n FROM alerts'))[0]!.n,
    addClaimColumn: async (column) => {
      await query(`ALTER TABLE alerts ADD COLUMN ${column} text`);
    },
    waiting: async () =>
      (await query<{ id: string }>('SELECT id::text AS id FROM alerts')).map(({ id }) => id),
  };
}

/** A keyed drain of such a table. */
export function tableDrain(
  postgresUrl: string,
  redis: { flags: string[]; env?: Record<string, string> },
  target: Scenario['target'],
  { flags, partitions = 1 }: { flags: string[]; partitions?: number },
): Scenario {
  const stream = uniqueName('alerts');
  const connection = [...redis.flags, '--postgres-url', postgresUrl];
  const spread = partitions > 1 ? ['--partitions', String(partitions)] : [];
  const base = ['postgres', '--table', 'alerts', '--key', 'agent', '--stream', stream, ...spread];
  return {
    command: [...base, ...flags, ...connection],
    connection,
    env: redis.env,
    stream,
    partitions,
    target,
  };
}
