import { type QctlRun, runDrain, timeShell } from './child.ts';
import { againstMs, paired, skipped, type Tell } from './result.ts';
import type { Rig } from './rig.ts';

/** Copies the whole table into an empty Redis. */
export async function copyTable(rig: Rig, rows: number, table = 'bench_rows'): Promise<QctlRun> {
  await rig.flush();
  const run = await runDrain(['postgres', '--table', table, '--mode', 'copy', '--stream', 'bench'], rig.env);
  if (run.appended !== rows) throw new Error(`copied ${run.appended} of ${rows} rows`);
  return run;
}

/** Copy mode against what one would write in a line of shell. */
export async function benchCopy(rig: Rig, rows: number, rounds: number, tell: Tell): Promise<void> {
  const name = 'copy vs psql | redis-cli --pipe';
  const goal = { atLeast: 1.5 };
  if (!rig.has.psql || !rig.has.redisCli) {
    const missing = [rig.has.psql ? '' : 'psql', rig.has.redisCli ? '' : 'redis-cli'].filter(Boolean);
    tell(skipped(name, goal, `${missing.join(' and ')} not installed`));
    return;
  }
  const pairs = await paired(
    rounds,
    () => copyTable(rig, rows),
    () => pipeTable(rig, rows),
  );
  tell({
    name,
    ...againstMs(rows, pairs),
    goal,
    note: 'both as whole processes',
  });
}

async function pipeTable(rig: Rig, rows: number): Promise<number> {
  await rig.flush();
  const { host, port } = rig.redis;
  const line = `psql "$URL" -At -c "$QUERY" | redis-cli -h ${host} -p ${port} --pipe >/dev/null`;
  const ms = await timeShell(line, { URL: rig.database, QUERY: respQuery('bench_rows') });
  const entries = await rig.client.xlen('bench');
  if (entries !== rows) throw new Error(`psql | redis-cli wrote ${entries} of ${rows} rows`);
  return ms;
}

/** XADD of id, body, source and run in RESP, in the order of the table; psql's own newline ends the last bulk string. */
function respQuery(table: string): string {
  const run = `${table}-20261121-090000-0000`;
  const fixed = (text: string) => `$${text.length}\\r\\n${text}\\r\\n`;
  const value = (sql: string) => `octet_length(${sql}) || E'\\r\\n' || ${sql}`;
  const head = `*11\\r\\n${fixed('XADD')}${fixed('bench')}${fixed('*')}${fixed('id')}$`;
  const tail = `\\r\\n${fixed('source')}${fixed(table)}${fixed('run')}$${run.length}\\r\\n${run}\\r`;
  return `SELECT E'${head}' || ${value('id::text')} || E'\\r\\n${fixed('body')}$' || ${value('payload::text')} || E'${tail}' FROM ${table} ORDER BY ${table}.id`;
}
