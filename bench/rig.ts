import { spawnSync } from 'node:child_process';
import { Redis } from 'ioredis';
import pg from 'pg';
import { startPostgres, type TestPostgres } from '../test/support/postgres.ts';
import { startRedis, type TestRedis } from '../test/support/redis.ts';

/** Servers that belong to the benchmark alone, and the rows that everything is measured on. */
export interface Rig {
  redis: TestRedis;
  postgres: TestPostgres;
  client: Redis;
  database: string;
  env: Record<string, string>;
  has: { psql: boolean; redisCli: boolean };
  /** Runs SQL in the database of the rows. */
  sql(text: string): Promise<void>;
  /** An empty Redis. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

const SETTINGS = ['max_wal_size=8GB', 'checkpoint_timeout=1h', 'autovacuum=off', 'shared_buffers=256MB'];

/** Starts Redis without persistence and Postgres with fsync. */
export async function startRig(): Promise<Rig> {
  const redis = await startRedis();
  const args = SETTINGS.flatMap((setting) => ['-c', setting]);
  const postgres = await startPostgres({ fsync: true, args }).catch(async (error) => {
    await redis.stop();
    throw error;
  });
  const database = await postgres.createDatabase();
  const client = new Redis(redis.url, { maxRetriesPerRequest: 1 });
  client.on('error', () => undefined);
  const rig: Rig = {
    redis,
    postgres,
    client,
    database,
    env: { REDIS_URL: redis.url, DATABASE_URL: database },
    has: { psql: installed('psql'), redisCli: installed('redis-cli') },
    sql: (text) => runSql(database, text),
    flush: async () => {
      await client.flushall();
    },
    stop: async () => {
      client.disconnect();
      await Promise.all([redis.stop(), postgres.stop()]);
    },
  };
  return rig;
}

/** `rows` rows of about 350 bytes. */
export async function fillRows(rig: Rig, table: string, rows: number): Promise<void> {
  await rig.sql(`
    DROP TABLE IF EXISTS ${table};
    CREATE TABLE ${table} (id bigserial PRIMARY KEY, payload jsonb NOT NULL);
    INSERT INTO ${table} (payload)
    SELECT ('{"agent":"agent-' || n % 250 || '","rule":"ssh-brute-force","message":"Failed password for invalid user","evidence":"'
           || repeat(md5(n::text), 7) || '","n":' || n || '}')::jsonb FROM generate_series(1, ${rows}) n`);
  await rig.sql(`VACUUM ANALYZE ${table}`);
}

/** A fresh table with the same rows, and nothing of its making left for the server to write. */
export async function copyRowsTo(rig: Rig, from: string, to: string, change?: string): Promise<void> {
  await rig.sql(
    `DROP TABLE IF EXISTS ${to}; CREATE TABLE ${to} (LIKE ${from} INCLUDING ALL); INSERT INTO ${to} SELECT * FROM ${from} ORDER BY id`,
  );
  if (change) await rig.sql(`ALTER TABLE ${to} ${change}`);
  await rig.sql(`VACUUM ANALYZE ${to}`);
  await rig.sql('CHECKPOINT');
}

async function runSql(connectionString: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

function installed(command: string): boolean {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
}
