// The bare counterpart of copy mode: the same rows, read the same way, written without any note of them.
import { Redis } from 'ioredis';
import pg from 'pg';
import { rowCount, rowFields } from '../src/model/packed.ts';
import { copyRows } from '../src/sources/postgres/copy-rows.ts';

const BATCH = 1000;
const PAGE = 10_000;
const PART_BYTES = 4 * 1024 * 1024;

const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
const redis = new Redis(process.env.REDIS_URL!);
await client.connect();
const started = performance.now();
let last = '0';
let appended = 0;
for (let pageRows = PAGE; pageRows === PAGE; ) {
  pageRows = 0;
  const query = `SELECT t.id::text, t.payload::text FROM bench_rows t WHERE t.id > ${last} ORDER BY t.id LIMIT ${PAGE}`;
  const rows = copyRows(client, query, ['id', 'body'], BATCH, PART_BYTES);
  let next = rows.next();
  for (let part = await next; part; part = await next) {
    next = rows.next();
    const pipeline = redis.pipeline();
    for (let i = 0; i < rowCount(part); i += 1) {
      const [id, body] = rowFields(part, i);
      pipeline.xadd('bench', '*', 'id', id!, 'body', body!, 'source', 'bench_rows', 'run', 'bench');
      last = id!.toString();
    }
    await pipeline.exec();
    pageRows += rowCount(part);
  }
  appended += pageRows;
}
const elapsedMs = performance.now() - started;
process.stdout.write(JSON.stringify({ appended, elapsedMs }));
redis.disconnect();
await client.end();
