import { Cluster } from 'ioredis';
import { startCluster } from '../test/support/redis-topologies.ts';
import { type QctlRun, runDrain } from './child.ts';
import { median, paired, rate, type Tell } from './result.ts';
import { copyRowsTo, type Rig } from './rig.ts';

const PARTITIONS = 12;

/** Three masters and 12 partitions against one Redis and one stream: the same rows, the same workers. */
export async function benchCluster(rig: Rig, rows: number, rounds: number, tell: Tell): Promise<void> {
  const cluster = await startCluster();
  const env = {
    REDIS_CLUSTER_NODES: cluster.seeds.map(({ host, port }) => `${host}:${port}`).join(','),
    DATABASE_URL: rig.env.DATABASE_URL!,
  };
  const client = new Cluster(cluster.seeds);
  client.on('error', () => undefined);
  const emptied = () => Promise.all(client.nodes('master').map((node) => node.flushall()));
  try {
    for (const mode of ['copy', 'move']) {
      const run = async (flags: string[], where: Record<string, string>): Promise<QctlRun> => {
        await rig.flush();
        await emptied();
        if (mode === 'move') await copyRowsTo(rig, 'bench_rows', 'bench_cluster');
        const table = mode === 'move' ? 'bench_cluster' : 'bench_rows';
        const base = ['postgres', '--table', table, '--stream', 'bench', '--workers', '2'];
        const done = await runDrain([...base, '--mode', mode, ...flags], where);
        if (done.appended !== rows) throw new Error(`${mode}: ${done.appended} of ${rows} rows appended`);
        return done;
      };
      const pairs = await paired(
        rounds,
        () => run(['--partitions', String(PARTITIONS)], env),
        () => run([], rig.env),
      );
      tell({
        name: `${mode}, 3 masters and ${PARTITIONS} partitions, vs one Redis and one stream`,
        ours: rate(rows, median(pairs.map(([ours]) => ours.elapsedMs))),
        baseline: rate(rows, median(pairs.map(([, one]) => one.elapsedMs))),
        ratio: median(pairs.map(([ours, one]) => one.elapsedMs / ours.elapsedMs)),
        goal: { atLeast: 1 },
        note: 'the drain alone, 2 workers; where all servers share a few cores, it is the work of all of them together that is compared',
      });
    }
  } finally {
    client.disconnect();
    await cluster.stop();
  }
}
