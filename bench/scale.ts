import { Cluster } from 'ioredis';
import { seededRandom } from '../test/support/random.ts';
import { startCluster, type TestCluster } from '../test/support/redis-topologies.ts';
import { startSqs, startSqsFaultProxyProcess, type TestSqs } from '../test/support/sqs.ts';
import { type QctlRun, runDrain } from './child.ts';
import { median, paired, rate, type Tell } from './result.ts';
import { copyRowsTo, type Rig } from './rig.ts';
import { simulateDrain } from './simulate/drain.ts';
import { sharesOf } from './simulate/keys.ts';
import { LATENCY_MS, queueArgs } from './sqs.ts';

const PARTITIONS = 12;
const SHARDS = 3;
const PROCESSES = 4;
/** Few enough for the calls, not the two cores, to be what is waited for. */
const RECEIVERS = 4;
/** What one process with so few receivers brings in a few seconds. */
const MOST_MESSAGES = 12_000;

/** Four processes on one run into a cluster, against one: a queue whose calls take their time, and a table. */
export async function benchScale(rig: Rig, rows: number, messages: number, rounds: number, tell: Tell) {
  const cluster = await startCluster();
  try {
    const scale = new Scale(rig, cluster);
    await scale.queue(Math.min(messages, MOST_MESSAGES), rounds, tell);
    await scale.table(rows, rounds, tell);
  } finally {
    await cluster.stop();
  }
}

class Scale {
  private readonly rig: Rig;
  private readonly nodes: string;
  private readonly cluster: TestCluster;
  private queues = 0;

  constructor(rig: Rig, cluster: TestCluster) {
    this.rig = rig;
    this.cluster = cluster;
    this.nodes = cluster.seeds.map(({ host, port }) => `${host}:${port}`).join(',');
  }

  async queue(messages: number, rounds: number, tell: Tell): Promise<void> {
    const sqs = await startSqs();
    const proxy = await startSqsFaultProxyProcess(sqs.endpoint, { latencyMs: LATENCY_MS });
    const run = (processes: number) => this.drainQueue(sqs, proxy.endpoint, messages, processes);
    try {
      const pairs = await paired(
        rounds,
        () => run(PROCESSES),
        () => run(1),
      );
      const [four, one] = [0, 1].map((side) => median(pairs.map((pair) => pair[side]!))) as [number, number];
      const ratio = median(pairs.map(([ours, alone]) => alone / ours));
      const name = `queue into ${SHARDS} masters, ${PROCESSES} processes vs 1, ${RECEIVERS} receivers each`;
      tell({ name, ours: rate(messages, four), baseline: rate(messages, one), ratio, goal: { atLeast: 3 } });
      tell(foreseen(messages, { four, one }));
    } finally {
      await proxy.stop();
      await sqs.stop();
    }
  }

  async table(rows: number, rounds: number, tell: Tell): Promise<void> {
    const run = async (processes: number) => {
      await this.emptied();
      await copyRowsTo(this.rig, 'bench_rows', 'bench_scale');
      const args = [
        'postgres',
        '--table',
        'bench_scale',
        '--stream',
        'bench',
        '--workers',
        String(PROCESSES),
      ];
      return this.together(args, { DATABASE_URL: this.rig.env.DATABASE_URL! }, processes, rows);
    };
    const pairs = await paired(
      rounds,
      () => run(PROCESSES),
      () => run(1),
    );
    tell({
      name: `table into ${SHARDS} masters, ${PROCESSES} processes vs 1, ${PROCESSES} lanes in all`,
      ours: rate(rows, median(pairs.map(([four]) => four))),
      baseline: rate(rows, median(pairs.map(([, one]) => one))),
      ratio: median(pairs.map(([four, one]) => one / four)),
      goal: null,
      note: 'PostgreSQL, three Redis and four processes share the cores of this machine: what more of them bring shows only where each has its own',
    });
  }

  private async drainQueue(sqs: TestSqs, endpoint: string, messages: number, processes: number) {
    await this.emptied();
    this.queues += 1;
    const queueUrl = await sqs.createQueue(`scale-${this.queues}`);
    const body = (n: number) => JSON.stringify({ id: `evt_${n}`, note: 'x'.repeat(280) });
    await sqs.send(
      queueUrl,
      Array.from({ length: messages }, (_, n) => ({ body: body(n) })),
    );
    const env = { SQS_QUEUE_URL: queueUrl, AWS_ENDPOINT_URL_SQS: endpoint, AWS_REGION: 'us-east-1' };
    return this.together(queueArgs(RECEIVERS), env, processes, messages);
  }

  /** Milliseconds from the first entry to the last, whoever wrote them. */
  private async together(args: string[], where: Record<string, string>, processes: number, count: number) {
    const env = { ...where, REDIS_CLUSTER_NODES: this.nodes };
    const line = [...args, '--partitions', String(PARTITIONS)];
    const running = Array.from({ length: processes }, () => runDrain(line, env, [0, 8]));
    const [ms] = await Promise.all([this.watch(count, Promise.all(running)), Promise.all(running)]);
    return ms;
  }

  private async watch(count: number, running: Promise<QctlRun[]>): Promise<number> {
    let over = false;
    const note = () => {
      over = true;
    };
    void running.then(note, note);
    const client = new Cluster(this.cluster.seeds);
    client.on('error', () => undefined);
    const keys = Array.from({ length: PARTITIONS }, (_, n) => `bench:{${n}}`);
    const length = async () => {
      const lengths = await Promise.all(keys.map((key) => client.xlen(key)));
      return lengths.reduce((a, b) => a + b, 0);
    };
    try {
      let first: number | undefined;
      for (;;) {
        const entries = await length();
        if (entries > 0) first ??= performance.now();
        if (entries >= count) return performance.now() - first!;
        if (over) throw new Error(`${entries} of ${count} messages arrived`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    } finally {
      client.disconnect();
    }
  }

  private async emptied(): Promise<void> {
    const client = new Cluster(this.cluster.seeds);
    client.on('error', () => undefined);
    await client.ping();
    await Promise.all(client.nodes('master').map((node) => node.flushall()));
    client.disconnect();
  }
}

/** What the simulation makes of one process, so that it may say what four take. */
function foreseen(messages: number, { four, one }: { four: number; one: number }) {
  const setting = {
    messages,
    receivers: RECEIVERS,
    shards: SHARDS,
    shares: sharesOf({ count: messages, skew: 0 }, PARTITIONS),
    shardMicros: 8,
    processMicros: 110,
  };
  const played = (processes: number, callMs: number) =>
    (messages / simulateDrain({ ...setting, processes, callMs }, seededRandom(1)).perSecond) * 1000;
  // A call takes its latency and what the emulator and the way to it add: so long that one process comes out as measured.
  const callMs = (LATENCY_MS * one) / played(1, LATENCY_MS);
  const expected = played(PROCESSES, callMs);
  return {
    name: `the same as simulated, ${PROCESSES} processes`,
    ours: rate(messages, expected),
    baseline: rate(messages, four),
    ratio: four / expected,
    goal: null,
    note: `a call takes ${callMs.toFixed(1)} ms in it, by which one process comes out as measured`,
  };
}
