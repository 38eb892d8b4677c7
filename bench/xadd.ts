import pg from 'pg';
import { copyTable } from './copy.ts';
import { rate, type Tell } from './result.ts';
import type { Rig } from './rig.ts';

const SAMPLE = 50_000;
const PAGE = 1000;

/** Copy mode against a loop that awaits one XADD a row, measured on some rows. */
export async function benchXadd(rig: Rig, rows: number, tell: Tell): Promise<void> {
  const ours = await copyTable(rig, rows);
  const sample = Math.min(rows, SAMPLE);
  const ms = await addOneByOne(rig, sample);
  tell({
    name: 'copy vs one awaited XADD a row',
    ours: `${rate(rows, ours.wallMs)} (drain alone ${rate(rows, ours.elapsedMs)})`,
    baseline: rate(sample, ms),
    ratio: rows / ours.wallMs / (sample / ms),
    goal: { atLeast: 15 },
    note: `the loop was measured on ${sample.toLocaleString('en-GB')} rows`,
  });
}

async function addOneByOne(rig: Rig, rows: number): Promise<number> {
  await rig.flush();
  const client = new pg.Client({ connectionString: rig.database });
  await client.connect();
  const started = performance.now();
  let last = '0';
  for (let done = 0; done < rows; ) {
    const page = await client.query(
      'SELECT id::text, payload::text AS payload FROM bench_rows WHERE bench_rows.id > $1 ORDER BY bench_rows.id LIMIT $2',
      [last, PAGE],
    );
    for (const { id, payload } of page.rows)
      await rig.client.xadd('bench', '*', 'id', id, 'body', payload, 'source', 'bench_rows', 'run', 'bench');
    done += page.rows.length;
    last = page.rows.at(-1).id;
  }
  const ms = performance.now() - started;
  await client.end();
  return ms;
}
