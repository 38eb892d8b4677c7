import { setTimeout as sleep } from 'node:timers/promises';
import { startSqs, startSqsFaultProxyProcess, type TestSqs } from '../test/support/sqs.ts';
import { bundle, type Run, runDrain, runNode } from './child.ts';
import { median, paired, type Tell } from './result.ts';
import type { Rig } from './rig.ts';

/** Added to every call. */
export const LATENCY_MS = 20;
const SERIAL_MESSAGES = 500;
const RECEIVERS = [1, 2, 4, 8, 16, 32, 64];
const MOST = 64;

/** What one run took. */
export interface Measured {
  perSecond: number;
  cpuMicros: number;
}

/** Everything about SQS: the rate by receivers, against a serial loop, against a bare one, and the cost of the ledger. */
export async function benchSqs(rig: Rig, messages: number, rounds: number, tell: Tell): Promise<void> {
  const sqs = await startSqs();
  const proxy = await startSqsFaultProxyProcess(sqs.endpoint, { latencyMs: LATENCY_MS });
  try {
    await measureAll(
      new SqsRig(rig, sqs, proxy.endpoint, await bundle('sqs-prototype')),
      messages,
      rounds,
      tell,
    );
  } finally {
    await proxy.stop();
    await sqs.stop();
  }
}

async function measureAll(rig: SqsRig, messages: number, rounds: number, tell: Tell): Promise<void> {
  const serial = await rig.prototype(1, 'serial', Math.min(messages, SERIAL_MESSAGES));
  let single = 0;
  for (const receivers of RECEIVERS.filter((count) => count < MOST)) {
    const some = Math.min(messages, Math.max(SERIAL_MESSAGES, Math.round((messages * receivers) / MOST)));
    const ours = await rig.qctl(receivers, some);
    single ||= ours.perSecond;
    tell({
      name: `sqs, ${receivers} receivers vs 1`,
      ours: text(ours),
      baseline: perSecond(single),
      ratio: ours.perSecond / single,
      goal: null,
    });
  }
  const bare = await paired(
    rounds,
    () => rig.qctl(MOST, messages),
    () => rig.prototype(MOST, 'script', messages),
  );
  const ours = middle(bare.map(([run]) => run));
  const theirs = middle(bare.map(([, run]) => run));
  tell({
    name: `sqs, ${MOST} receivers vs 1`,
    ours: text(ours),
    baseline: perSecond(single),
    ratio: ours.perSecond / single,
    goal: null,
  });
  tell({
    name: `sqs, ${MOST} receivers vs a serial loop`,
    ours: text(ours),
    baseline: text(serial),
    ratio: ours.perSecond / serial.perSecond,
    goal: { atLeast: 20 },
    note: `${LATENCY_MS} ms of latency a call`,
  });
  tell({
    name: `sqs CPU a message vs ${MOST} bare loops`,
    ours: `${Math.round(ours.cpuMicros)} µs`,
    baseline: `${Math.round(theirs.cpuMicros)} µs (${perSecond(theirs.perSecond)})`,
    ratio: median(bare.map(([a, b]) => a.cpuMicros / b.cpuMicros)),
    goal: { atMost: 1 },
  });
  const plain = await paired(
    rounds,
    () => rig.qctl(MOST, messages),
    () => rig.prototype(MOST, 'pipeline', messages),
  );
  tell({
    name: 'sqs, exactly-once vs bare pipelined XADD (time)',
    ours: text(middle(plain.map(([run]) => run))),
    baseline: text(middle(plain.map(([, run]) => run))),
    ratio: median(plain.map(([a, b]) => b.perSecond / a.perSecond)),
    goal: { atMost: 1.25 },
  });
}

/** After `qctl drain`: the whole queue into the stream `bench`, without long waits at its end. */
export function queueArgs(receivers: number | string): string[] {
  return `sqs --stream bench --wait 1s --settle 1s --receivers ${receivers}`.split(' ');
}

/** One queue a measurement, and both sides measured at the stream: from its first entry to its last. */
export class SqsRig {
  private readonly rig: Rig;
  private readonly sqs: TestSqs;
  private readonly endpoint: string;
  private readonly script: string;
  private queues = 0;

  constructor(rig: Rig, sqs: TestSqs, endpoint: string, script: string) {
    this.rig = rig;
    this.sqs = sqs;
    this.endpoint = endpoint;
    this.script = script;
  }

  qctl(receivers: number | string, count: number): Promise<Measured> {
    return this.measure(count, (env) => runDrain(queueArgs(receivers), env));
  }

  prototype(receivers: number, how: 'serial' | 'script' | 'pipeline', count: number): Promise<Measured> {
    return this.measure(count, (env) => runNode([this.script, String(receivers), how, String(count)], env));
  }

  /** Any other program that fills the stream `bench`. */
  program(args: string[], count: number): Promise<Measured> {
    return this.measure(count, (env) => runNode(args, env));
  }

  private async measure(
    count: number,
    run: (env: Record<string, string>) => Promise<Run>,
  ): Promise<Measured> {
    await this.rig.flush();
    this.queues += 1;
    const queueUrl = await this.sqs.createQueue(`bench-${this.queues}`);
    await this.sqs.send(
      queueUrl,
      Array.from({ length: count }, (_, n) => body(n)),
    );
    const env = {
      ...this.rig.env,
      SQS_QUEUE_URL: queueUrl,
      AWS_ENDPOINT_URL_SQS: this.endpoint,
      AWS_REGION: 'us-east-1',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    };
    const running = run(env);
    running.catch(() => undefined);
    const [rate, { cpuMs }] = await Promise.all([this.watch(count, running), running]);
    return { perSecond: rate, cpuMicros: (cpuMs / count) * 1000 };
  }

  private async watch(count: number, running: Promise<Run>): Promise<number> {
    let over = false;
    void running.then(
      () => {
        over = true;
      },
      () => {
        over = true;
      },
    );
    let first: { at: number; entries: number } | undefined;
    for (;;) {
      const entries = await this.rig.client.xlen('bench');
      const at = performance.now();
      if (entries > 0) first ??= { at, entries };
      if (first && entries >= count) return ((entries - first.entries) / (at - first.at)) * 1000;
      if (over && entries < count) throw new Error(`${entries} of ${count} messages arrived`);
      await sleep(5);
    }
  }
}

function body(n: number): string {
  return JSON.stringify({ id: `evt_${n}`, type: 'payment.succeeded', note: 'x'.repeat(280) });
}

/** The middle of several runs. */
export function middle(runs: Measured[]): Measured {
  return {
    perSecond: median(runs.map((run) => run.perSecond)),
    cpuMicros: median(runs.map((run) => run.cpuMicros)),
  };
}

/** For reading: 12,345/s. */
export function perSecond(value: number): string {
  return `${Math.round(value).toLocaleString('en-GB')}/s`;
}

/** Rate and CPU, for reading. */
export function text(run: Measured): string {
  return `${perSecond(run.perSecond)}, ${Math.round(run.cpuMicros)} µs CPU each`;
}
